import type { Caller } from '../calls/caller.js';
import type { TooManyRequests } from '../calls/too-many-requests.js';
import type { CallerLimit, Counter } from './caller-limit.js';
import type { Verdict } from './rate-limiter.js';
import { giveAllBack, takeAll } from './take-all.js';

/** A call that every limit allowed, with a point taken from each. */
export interface Passed {
  readonly kind: 'Passed';
  /** Points used, this call's included: of the client, and of its networks, widest first. */
  readonly used: { readonly client: readonly number[]; readonly networks: readonly number[] };
  /** To be called if the call did not fail: gives back the points of limits that count failures. */
  readonly succeeded: () => Promise<void>;
  /** To be called if the call was not made after all: gives back every point. */
  readonly giveBack: () => Promise<void>;
}

interface Point extends Counter {
  readonly counts: 'calls' | 'failures';
}

/**
 * Asks the limits of a call, in an order that bounds the names that strangers can add to Redis. First `look`s at the
 * limits of the networks and the client, which counts nothing. If all allow, takes a point from the client, then from
 * its networks, and last from `others`, whose names say what the call is about. Taking decides, so that calls at the
 * same time cannot exceed a limit; a call that is refused then gets its points back, and a name without a point is
 * removed.
 *
 * The client's point is taken before its networks', so that a burst of one client, which its own limit mostly refuses,
 * does not use up the points of its neighbours for a moment.
 *
 * @param others limits on the object of the call (an address, for instance); they count failures.
 * @throws what a limiter throws that fails without Redis.
 */
export async function pass(
  caller: Caller,
  limits: readonly CallerLimit[],
  others: readonly Counter[] = [],
): Promise<Passed | TooManyRequests> {
  const networks = limits.flatMap((limit) => withKind(limit, limit.networks(caller)));
  const clients = limits.flatMap((limit) => withKind(limit, [limit.client(caller)]));
  const things = others.map((counter) => ({ ...counter, counts: 'failures' as const }));

  const asked = [...networks, ...clients];
  const refused = refusalOf(asked, await Promise.all(asked.map(({ limiter, key }) => limiter.look(key))));
  if (refused) {
    refused.first.limiter.refused(refused.first.key);
    return refused.refusal;
  }
  const taking = await takeAll<Point>([clients, networks, things]);
  if (taking.kind === 'Refused') return tooMany(taking.verdicts);
  const { taken } = taking;
  const [client = [], ofNetworks = []] = taking.used;
  return {
    kind: 'Passed',
    used: { client, networks: ofNetworks },
    succeeded: () => giveAllBack(taken.filter(({ counts }) => counts === 'failures')),
    giveBack: () => giveAllBack(taken),
  };
}

function withKind({ counts }: CallerLimit, counters: readonly Counter[]): Point[] {
  return counters.map((counter) => ({ ...counter, counts }));
}

/** The first limit that refuses, to be reported; the caller gets the longest wait of all. */
function refusalOf(
  points: readonly Point[],
  verdicts: readonly Verdict[],
): { first: Point; refusal: TooManyRequests } | undefined {
  const first = points.find((_, index) => !verdicts[index]?.allowed);
  return first && { first, refusal: tooMany(verdicts) };
}

function tooMany(verdicts: readonly Verdict[]): TooManyRequests {
  return { kind: 'TooManyRequests', retryAfterSeconds: Math.max(0, ...verdicts.map((each) => each.retryAfterSeconds)) };
}
