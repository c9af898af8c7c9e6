import { type Agent, request } from 'node:http';

/** Sends one operation through the agent. @returns the first `__typename` in the answer, or `no result`. */
export async function call(
  agent: Agent,
  url: string,
  query: string,
  input: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const body = JSON.stringify({ query, variables: { input } });
  const all = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers };
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request(`${url}/graphql`, { method: 'POST', agent, headers: all }, (answer) => {
      let read = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        read += part;
      });
      answer.on('end', () => resolve(read));
    });
    sent.on('error', reject).end(body);
  });
  return /"__typename":"(\w+)"/.exec(text)?.[1] ?? 'no result';
}
