import type { EmailAddress } from '../accounts/email-address.js';
import type { Caller } from '../calls/caller.js';
import type { QueueDefinition } from '../jobs/queue/definition.js';

/** Highest first. 0 is also what jobs have that an older process wrote. */
export const requestClasses = [1, 0, -1] as const;

/** What a person says who asks. */
export interface ResetRequestInput {
  readonly email: string;
  readonly locale?: string | null;
  /** What this device was given last; anything else counts as none. */
  readonly device?: string | null;
}

/** "Somebody asked for this address": all of it validated or mapped to a closed set, and no key in it. */
export interface ResetRequest {
  readonly email: EmailAddress;
  /** A language that mails are written in, or null. */
  readonly locale: string | null;
  readonly requestId: string;
  readonly client: string;
  /** A text that can be a device (see `Devices`), or null; of jobs that an older process wrote, undefined. */
  readonly device?: string | null;
  /** That the client is part of: an IPv4 /24, an IPv6 /48. Undefined in jobs that an older process wrote. */
  readonly network?: string;
}
export const resetRequests: QueueDefinition<ResetRequest> = {
  name: 'password-reset-request',
  classes: requestClasses,
};

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

/** Where a request comes from, as its job says it. */
export function placeOf({
  requestId,
  client,
  networks,
}: Caller): Pick<ResetRequest, 'requestId' | 'client' | 'network'> {
  // A /24, or a /48: somebody may easily have several of what is narrower, and a /32 is a whole provider.
  return { requestId, client, network: networks[1] ?? networks[0] ?? '' };
}

/** A wider network has more neighbours in it. */
function sizeOf(network = ''): number {
  if (network.endsWith('/32')) return 16;
  return network.endsWith('/48') ? 4 : 1;
}
