import type { Sides } from './figures.js';
import { timePairs } from './pairs.js';

const document = `mutation($input: SignInInput!) { signIn(input: $input) { __typename } }`;

/**
 * Times refused sign-ins in pairs (see `timePairs`), after two pairs that warm up.
 *
 * @param address the address for a trial, for each side.
 * @param plant microseconds that are added to one side.
 */
export function timeRefusals(
  url: string,
  trials: number,
  address: { one: (trial: number) => string; other: (trial: number) => string },
  plant = 0,
): Promise<Sides & { readonly results: Readonly<Record<string, number>> }> {
  const input = (of: (trial: number) => string) => (trial: number) => ({
    email: of(trial),
    password: 'not the password at all',
  });
  return timePairs(url, trials, { document, one: input(address.one), other: input(address.other) }, plant, 2);
}
