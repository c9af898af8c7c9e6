import type { Caller } from '../calls/caller.js';

/** Highest first. 0 is also what jobs have that an older process wrote. */
export const requestClasses = [1, 0, -1] as const;

/** Requests that put somebody into a class: of the client, and of a network of it, with its neighbours. */
const most = [
  { client: 2, network: 4, class: 1 },
  { client: 8, network: 32, class: 0 },
] as const;

/**
 * In which of three classes a request waits for the worker, by what its client and its networks asked lately (the points
 * that its limits just counted; nothing more is stored): who floods waits behind others.
 *
 * @param used points, this request's included: of the client, and of its networks as they stand in `caller`.
 */
export function requestClass(
  { networks }: Pick<Caller, 'networks'>,
  used: { readonly client: readonly number[]; readonly networks: readonly number[] },
): number {
  const client = Math.max(0, ...used.client);
  const fits = (limit: (typeof most)[number]) =>
    client <= limit.client && used.networks.every((points, index) => points <= limit.network * sizeOf(networks[index]));
  return most.find(fits)?.class ?? -1;
}

/** A wider network has more neighbours in it. */
function sizeOf(network = ''): number {
  if (network.endsWith('/32')) return 16;
  return network.endsWith('/48') ? 4 : 1;
}
