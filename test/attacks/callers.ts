import { Agent, request } from 'node:http';

/** One call of a flood. */
export interface FloodCall {
  readonly query: string;
  readonly variables?: object;
  readonly headers?: Record<string, string>;
}

/** Makes many calls, as fast as they are answered. @returns how often each `__typename` came. */
export async function flood(url: string, count: number, call: (index: number) => FloodCall, connections = 64) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const kinds: Record<string, number> = {};
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const kind = await post(agent, url, call(next++));
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, caller));
  agent.destroy();
  return kinds;
}

/** Makes one call. @returns the `__typename` of its answer, else the beginning of the body. */
export function post(agent: Agent, url: string, { query, variables, headers = {} }: FloodCall): Promise<string> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ query, variables });
    const type = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(`${url}/graphql`, { method: 'POST', agent, headers: { ...type, ...headers } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      answer.on('end', () => resolve(/"__typename":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 60)));
    });
    sent.on('error', reject).end(body);
  });
}
