import type { EmailAddress } from '../accounts/email-address.js';
import type { Browser, Caller } from '../calls/caller.js';
import type { QueueDefinition } from '../jobs/queue/definition.js';

/** Priorities of the queue, highest first. Jobs that an older process wrote have 0. */
export const requestClasses = [1, 0, -1] as const;

/** The input of a request, as the person sent it. */
export interface ResetRequestInput {
  readonly email: string;
  readonly locale?: string | null;
  /** The device token that this device got last; anything else counts as none. */
  readonly device?: string | null;
}

/** The data of a request's job. Each member is validated or one of a closed set; there is no key in it. */
export interface ResetRequest {
  readonly email: EmailAddress;
  /** A language that mails are written in, or null. */
  readonly locale: string | null;
  readonly requestId: string;
  readonly client: string;
  /** A text in the form of a device token (see `Devices`), or null; undefined in jobs that an older process wrote. */
  readonly device?: string | null;
  /** The network of the client: an IPv4 /24, an IPv6 /48. Undefined in jobs that an older process wrote. */
  readonly network?: string;
  /** The browser that asked, for the mail; undefined in jobs that an older process wrote. */
  readonly browser?: Browser | null;
  /** The one account that this job is for, where an app has several with the address: see `Delivery`. */
  readonly accountId?: string;
  /** When the person asked, if that is not when the job was written: ISO 8601, the database's clock. */
  readonly askedAt?: string;
}
export const resetRequests: QueueDefinition<ResetRequest> = {
  name: 'password-reset-request',
  classes: requestClasses,
};

/** The most requests in the shortest window for each class: of the client, and of its whole network. */
const most = [
  { client: 2, network: 4, class: 1 },
  { client: 8, network: 32, class: 0 },
] as const;

/**
 * The class (priority) in which a request waits for the worker: the more its client and networks asked lately, the
 * lower, so that a flood waits behind other requests. Uses the points that the limits just counted; nothing more is
 * stored.
 *
 * @param used points, this request's included: of the client, and of its networks in the order of `caller.networks`.
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

/** The origin of a request, for its job. */
export function placeOf({
  requestId,
  client,
  networks,
  browser = null,
}: Caller): Pick<ResetRequest, 'requestId' | 'client' | 'network' | 'browser'> {
  // A /24 or a /48: one person easily gets several narrower networks (/56), and a /32 is a whole provider.
  return { requestId, client, network: networks[1] ?? networks[0] ?? '', browser };
}

/** How many times the points of a /24 or /56 a wider network may have, because more people share it. */
function sizeOf(network = ''): number {
  if (network.endsWith('/32')) return 16;
  return network.endsWith('/48') ? 4 : 1;
}
