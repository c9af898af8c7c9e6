import type { Caller } from '../calls/caller.js';
import type { TooManyRequests } from '../calls/too-many-requests.js';
import type { CallerLimit, Counter } from './caller-limit.js';
import type { Verdict } from './rate-limiter.js';
import { giveAllBack, takeAll } from './take-all.js';
import { takeTogether } from './take-together.js';

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
 * Asks the limits of a call, in an order that bounds the names that strangers can add to Redis. First those of the networks
 * and the client, in one step: if all allow, each loses a point, else none does, so a refused call leaves no name. Then
 * `others`, whose names say what the call is about; if they refuse, the points go back, and a name without a point is
 * removed.
 *
 * In a cluster, where the names lie on several servers, the limits of the caller are looked at first and then taken from,
 * the client's before its networks', so that a burst of one client, which its own limit mostly refuses, does not use up the
 * points of its neighbours for a moment.
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

  const used = await usedByCaller(networks, clients);
  if ('kind' in used) return used;
  const taking = await takeAll([things]);
  if (taking.kind === 'Refused') {
    await giveAllBack([...networks, ...clients]);
    return tooMany(taking.verdicts);
  }
  const taken = [...networks, ...clients, ...things];
  return {
    kind: 'Passed',
    used,
    succeeded: () => giveAllBack(taken.filter(({ counts }) => counts === 'failures')),
    giveBack: () => giveAllBack(taken),
  };
}

/** Takes a point of each limit of the caller, or of none. @returns the points that are used. */
async function usedByCaller(
  networks: readonly Point[],
  clients: readonly Point[],
): Promise<Passed['used'] | TooManyRequests> {
  const asked = [...networks, ...clients];
  const together = await takeTogether(asked);
  if (together?.isTaken) {
    const used = together.verdicts.map((verdict) => verdict.used);
    return { networks: used.slice(0, networks.length), client: used.slice(networks.length) };
  }
  const verdicts = together?.verdicts ?? (await Promise.all(asked.map(({ limiter, key }) => limiter.look(key))));
  const refused = refusalOf(asked, verdicts);
  if (refused) {
    refused.first.limiter.refused(refused.first.key);
    return refused.refusal;
  }
  const taking = await takeAll([clients, networks]);
  if (taking.kind === 'Refused') return tooMany(taking.verdicts);
  const [client = [], ofNetworks = []] = taking.used;
  return { client, networks: ofNetworks };
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
