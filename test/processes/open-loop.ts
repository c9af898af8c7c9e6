import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

export interface Call {
  /** The type of the result, the code of the error, or why there was no answer. */
  readonly outcome: string;
  readonly status: number | undefined;
  readonly ms: number;
}

/** Makes calls at a constant rate, whether or not earlier ones are answered, as many independent people do. */
export async function openLoop(
  url: string,
  perSecond: number,
  seconds: number,
  body: (count: number) => unknown,
): Promise<Call[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2_000 });
  const calls: Promise<Call>[] = [];
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    const due = Math.floor(((performance.now() - begun) / 1000) * perSecond);
    while (calls.length < due) calls.push(post(agent, url, body(calls.length)));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const done = await Promise.all(calls);
  agent.destroy();
  return done;
}

/** Makes one call. */
export function post(agent: Agent, url: string, body: unknown): Promise<Call> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const end = (outcome: string, status?: number) => resolve({ outcome, status, ms: performance.now() - begun });
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${url}/graphql`, { agent, method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        const { data, errors } = JSON.parse(text);
        const [result] = Object.values(data ?? {}) as { __typename?: string }[];
        end(result?.__typename ?? errors?.[0]?.extensions?.code ?? 'nothing', response.statusCode);
      });
    });
    sent.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    sent.end(JSON.stringify(body));
  });
}

export function count(calls: readonly Call[]): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { outcome } of calls) counted[outcome] = (counted[outcome] ?? 0) + 1;
  return counted;
}

/** Milliseconds. */
export function percentile(calls: readonly Call[], share: number): number {
  const sorted = calls.map(({ ms }) => ms).sort((one, other) => one - other);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** The resident memory of a process, in MiB. */
export function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
