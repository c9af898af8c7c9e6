import type { Sides } from './figures.js';
import { timePairs } from './pairs.js';

const document = `mutation($input: SignInInput!) { signIn(input: $input) { __typename } }`;

/**
 * Refused sign-ins in pairs: see `timePairs`. The first two warm up.
 *
 * @param address of a trial, for each side.
 */
export function timeRefusals(
  url: string,
  trials: number,
  address: { one: (trial: number) => string; other: (trial: number) => string },
): Promise<Sides & { readonly results: Readonly<Record<string, number>> }> {
  const input = (of: (trial: number) => string) => (trial: number) => ({
    email: of(trial),
    password: 'not the password at all',
  });
  return timePairs(url, trials, { document, one: input(address.one), other: input(address.other) }, 0, 2);
}
