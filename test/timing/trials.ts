import { Agent } from 'node:http';
import { call } from './call.js';
import type { Sides } from './figures.js';

const document = `mutation($input: SignInInput!) { signIn(input: $input) { __typename } }`;

/**
 * Refused sign-ins in pairs, each in an order drawn anew, one call at a time on one line that is kept.
 *
 * @param address of a trial, for each side.
 */
export async function timeRefusals(
  url: string,
  trials: number,
  address: { one: (trial: number) => string; other: (trial: number) => string },
): Promise<Sides & { readonly results: Readonly<Record<string, number>> }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = { one: [] as number[], other: [] as number[] };
  const results: Record<string, number> = {};
  try {
    for (let trial = -2; trial < trials; trial++) {
      const order = Math.random() < 0.5 ? (['one', 'other'] as const) : (['other', 'one'] as const);
      for (const side of order) {
        const email = address[side](Math.max(0, trial));
        const begun = performance.now();
        const result = await call(agent, url, document, { email, password: 'not the password at all' });
        // The first two warm up.
        if (trial < 0) continue;
        times[side].push(performance.now() - begun);
        results[result] = (results[result] ?? 0) + 1;
      }
    }
    return { ...times, results };
  } finally {
    agent.destroy();
  }
}
