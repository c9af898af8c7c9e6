import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { documents } from '../attack.js';
import { type FloodCall, post } from '../callers.js';
import { password } from './stage.js';

/** Makes calls over connections of one address. @returns how often each answer came. */
export async function flood(
  url: string,
  from: string,
  count: number,
  call: (index: number) => FloodCall,
  connections = 32,
) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, localAddress: from });
  const kinds: Record<string, number> = {};
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const kind = await post(agent, url, call(next++)).catch((error: Error) => error.message);
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, caller));
  agent.destroy();
  return kinds;
}

export function someAddress(): string {
  return `${randomBytes(8).toString('hex')}@kit.example`;
}

/** A sign-in with an address that nobody has tried. */
export const signInCall = (): FloodCall => ({
  query: documents.signIn,
  variables: { input: { email: someAddress(), password } },
});
