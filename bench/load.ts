import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon, { type Request } from 'autocannon';
import { answerCalls } from './child.js';
import { machineTime } from './process-figures.js';

/** A call that is sent again and again with different variables. */
export interface Question {
  readonly url: string;
  /** `/graphql` by default. */
  readonly path?: string;
  /** A GraphQL document; without it, the variables are the whole body. */
  readonly query?: string;
  readonly variables: readonly object[];
  /** Text that every answer must contain; otherwise the measurement fails. */
  readonly answer: string;
}

const headers = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};

const tasks = {
  /** Sends requests as fast as answers come, for `seconds` or until `amount` are sent. */
  async run(input: Question & { connections: number; seconds?: number; amount?: number }) {
    const { url, path = '/graphql', connections, seconds, amount, answer } = input;
    // Each connection has its own part of the requests, so that no request is sent by two.
    const parts: Request[][] = [];
    for (const [index, body] of bodies(input).entries()) {
      const part = index % connections;
      parts[part] ??= [];
      parts[part].push({ method: 'POST', path, headers, body });
    }
    let clients = 0;
    let wrong: string | undefined;
    const result = await autocannon({
      url,
      connections,
      ...(amount ? { amount } : { duration: seconds ?? 1 }),
      timeout: 60,
      // Milliseconds. autocannon stops only when it takes a sample.
      sampleInt: 50,
      setupClient: (client) => client.setRequests(parts[clients++] ?? []),
      verifyBody: (body) => {
        const isRight = body.includes(answer);
        if (!isRight) wrong ??= body;
        return isRight;
      },
    });
    const { errors, non2xx, mismatches, requests, duration, latency } = result;
    if (errors + non2xx + mismatches > 0) {
      throw new Error(`${errors} without answer, ${non2xx} refused, ${mismatches} unexpected, the first: ${wrong}`);
    }
    return { total: requests.total, perSecond: requests.total / duration, p50: latency.p50, p99: latency.p99 };
  },

  /** Asks over a few connections, each call after the last one's answer. @returns milliseconds of each call. */
  async times(input: Question & { connections: number; seconds: number }): Promise<number[]> {
    const agent = new Agent({ keepAlive: true, maxSockets: input.connections });
    const waiting = bodies(input).reverse();
    const end = machineTime() + input.seconds * 1000;
    const times: number[] = [];
    const ask = async () => {
      for (let body = waiting.pop(); body && machineTime() < end; body = waiting.pop()) {
        const began = machineTime();
        times.push((await post(`${input.url}/graphql`, body, agent, input.answer)) - began);
      }
    };
    await Promise.all(Array.from({ length: input.connections }, ask)).finally(() => agent.destroy());
    return times;
  },

  /** Sends at a steady rate, whether or not answers come. @returns when each answer came (`machineTime`). */
  async pace(input: Question & { perSecond: number }): Promise<number[]> {
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const began = machineTime();
    const answers = bodies(input).map(async (body, index) => {
      await sleep(Math.max(0, began + (index * 1000) / input.perSecond - machineTime()));
      return post(`${input.url}/graphql`, body, agent, input.answer);
    });
    try {
      return await Promise.all(answers);
    } finally {
      agent.destroy();
    }
  },
};
export type LoadTasks = typeof tasks;

function bodies({ query, variables }: Question): string[] {
  return variables.map((each) => JSON.stringify(query === undefined ? each : { query, variables: each }));
}

function post(url: string, body: string, agent: Agent, expected: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        if (text.includes(expected)) resolve(machineTime());
        else reject(new Error(`unexpected: ${text}`));
      });
    });
    sending.on('error', reject).end(body);
  });
}

answerCalls(tasks);
