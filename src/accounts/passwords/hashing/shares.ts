import type { Caller } from '../../../calls/caller.js';

/** Resets go before everything else: the person who lost the password has waited longest. */
export type Urgency = 'reset' | 'other';

/** What the limiter is told of a call, so that nobody takes the places of others. */
export interface HashCall {
  readonly urgency: Urgency;
  /** Whose share it takes. Calls of our own (a dummy, a renewed hash) have none, and take nobody's. */
  readonly caller?: Pick<Caller, 'client' | 'networks'>;
  /** Of a reset: only one hash at a time is made for the same key. */
  readonly key?: string;
  /** Of a reset, whose key proved it: two at a time. Never what a stranger typed, or he could take its owner's share. */
  readonly account?: string;
}

/** Somebody who has a share, and how large it is beside a single client's. */
interface Party {
  readonly name: string;
  readonly weight: number;
}

/**
 * How much larger the share of a network is than that of one client in it: as `LIMIT_HASH_PER_NETWORK` is beside
 * `LIMIT_HASH_PER_CLIENT`, with four times for a /48 and sixteen times for a /32. So a customer who has 65,536 /64s has
 * the share of one /48, and 38 people of one /24 are not one person.
 */
const weights: Readonly<Record<string, number>> = { '/24': 10, '/56': 10, '/48': 40, '/32': 160 };

/** How much of its share somebody has used, compared from the first to the last. */
export type Use = readonly [most: number, sum: number];

/** Milliseconds. What was hashed longer ago than two of these is forgotten. */
const period = 30_000;
/** Names, at most; when there are so many, what was before them is forgotten early. */
const mostNames = 50_000;

export function partiesOf({ caller, account }: HashCall): Party[] {
  // A caller whose address is no address is client and network in one.
  const names = new Set(caller ? [...caller.networks, caller.client] : []);
  const parties = [...names].map((name) => ({ name, weight: weights[/\/\d+$/.exec(name)?.[0] ?? ''] ?? 1 }));
  return account === undefined ? parties : [...parties, { name: `account ${account}`, weight: 1 }];
}

/**
 * Who hashed how much, and was refused how often, in the last half minute to minute. It outlasts the queue: a hundred
 * clients with one waiting call each are told from a newcomer by what they had before.
 */
export class HashShares {
  #now = new Map<string, number>();
  #before = new Map<string, number>();
  #since: number;

  /** @param clock milliseconds. */
  constructor(private readonly clock: () => number) {
    this.#since = clock();
  }

  get names(): number {
    return this.#now.size + this.#before.size;
  }

  /** Notes a hash that begins. */
  take(parties: readonly Party[]): void {
    this.#turn();
    for (const { name } of parties) this.#now.set(name, (this.#now.get(name) ?? 0) + 1);
  }

  /**
   * Notes a call that found no room, of the client alone: who tries again and again is told from who comes for the first
   * time before either had a hash, and neighbours do not answer for it.
   */
  tried({ caller }: HashCall): void {
    if (!caller) return;
    this.#turn();
    this.#now.set(caller.client, (this.#now.get(caller.client) ?? 0) + 1);
  }

  /**
   * The part of a share that is used up: of the party of which most is, and, where that is equal, of all together.
   *
   * @param waiting calls of each party that are still to come, where they count too.
   */
  usedBy(parties: readonly Party[], waiting?: ReadonlyMap<string, number>): Use {
    this.#turn();
    const left = Math.max(0, 1 - (this.clock() - this.#since) / period);
    let [most, sum] = [0, 0];
    for (const { name, weight } of parties) {
      const used = (this.#now.get(name) ?? 0) + left * (this.#before.get(name) ?? 0) + (waiting?.get(name) ?? 0);
      most = Math.max(most, used / weight);
      sum += used / weight;
    }
    return [most, sum];
  }

  #turn(): void {
    const passed = this.clock() - this.#since;
    if (passed < period && this.#now.size < mostNames) return;
    this.#before = passed < 2 * period ? this.#now : new Map();
    this.#now = new Map();
    this.#since = passed < period || passed >= 2 * period ? this.clock() : this.#since + period;
  }
}
