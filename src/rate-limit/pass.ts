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
  /** The call did not fail: gives back what counts failures. */
  readonly succeeded: () => Promise<void>;
  /** The call was not made after all: gives back every point. */
  readonly giveBack: () => Promise<void>;
}

interface Point extends Counter {
  readonly counts: 'calls' | 'failures';
}

/**
 * The one rule for what a stranger can make us store: whoever calls is asked first, and only a call that passed makes a
 * name. The networks, widest first, and the client are asked without taking a point; only when all allow is one taken from
 * the client, from its networks, and last from `others`, whose names tell what the call is about. Taking decides, so that
 * many calls at the same time are no more than one after the other; a call that is refused then gets its points back,
 * and a name without a point is gone.
 *
 * The client's point comes before its networks', so that a burst of one client, most of which its own limit refuses,
 * does not use up for a moment what its neighbours need.
 *
 * @param others limits of what the call is about; they count failures.
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

/** The first that refuses is told of it; the longest wait is what the caller hears. */
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
