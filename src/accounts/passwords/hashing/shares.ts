import type { Caller } from '../../../calls/caller.js';

/** Resets go before all other calls: whoever resets a password cannot get in by another way. */
export type Urgency = 'reset' | 'other';

/** What the limiter knows of a call, so that nobody takes the places of others. */
export interface HashCall {
  readonly urgency: Urgency;
  /** Whose share the call uses. Calls without a caller (the warm-up, an operator's commands) use no share. */
  readonly caller?: Pick<Caller, 'client' | 'networks'>;
  /** Only of resets: at most one hash at a time is made for the same key. */
  readonly key?: string;
  /**
   * Only where a key or session proved it: two hashes at a time. An address that was typed would let strangers use its
   * share.
   */
  readonly account?: string;
}

/** Somebody who has a share, and how many times a single client's share it is. */
interface Party {
  readonly name: string;
  readonly weight: number;
}

/**
 * How many times the share of one client a network has: the ratio of `LIMIT_HASH_PER_NETWORK` to
 * `LIMIT_HASH_PER_CLIENT`, four times that for a /48 and sixteen times for a /32. So a customer with 65,536 /64s has
 * the share of one /48, and 38 people in one /24 have more than the share of one person.
 */
const weights: Readonly<Record<string, number>> = { '/24': 10, '/56': 10, '/48': 40, '/32': 160 };

/** How much of their shares some parties used. Compared by `most`, then by `sum`. */
export type Use = readonly [most: number, sum: number];

/** Milliseconds. Hashes older than two periods no longer count. */
const period = 30_000;
/** The most names in one period; with more, a new period begins early. */
const mostNames = 50_000;

export function partiesOf({ caller, account }: HashCall): Party[] {
  // A caller without a valid IP address has one name as client and as network; it counts once.
  const names = new Set(caller ? [...caller.networks, caller.client] : []);
  const parties = [...names].map((name) => ({ name, weight: weights[/\/\d+$/.exec(name)?.[0] ?? ''] ?? 1 }));
  return account === undefined ? parties : [...parties, { name: `account ${account}`, weight: 1 }];
}

/**
 * How many hashes each party had, and how often each client was refused, in the last 30 to 60 s. Unlike the queue it
 * remembers finished calls, so that a newcomer goes before a hundred clients that each wait with one more call.
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
   * Notes a call that found no room, for the client alone and not for its networks: a client that tries again and again
   * then comes after one that tries for the first time, and its neighbours do not pay for it.
   */
  tried({ caller }: HashCall): void {
    if (!caller) return;
    this.#turn();
    this.#now.set(caller.client, (this.#now.get(caller.client) ?? 0) + 1);
  }

  /**
   * The used part of the shares: the largest of one party, and the sum over all parties.
   *
   * @param waiting the number of waiting calls of each party, if they count, too.
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
