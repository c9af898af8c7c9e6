import { Unavailable } from '../../../calls/errors.js';
import { type HashCall, HashShares, partiesOf, type Urgency, type Use } from './shares.js';

export type { HashCall, Urgency } from './shares.js';

interface Waiting {
  readonly call: HashCall;
  readonly parties: ReturnType<typeof partiesOf>;
  readonly since: number;
  readonly begin: () => void;
  readonly giveUp: () => void;
}

export interface HashLimits {
  readonly hashConcurrency: number;
  /** Calls that may wait: this many resets, and this many others. */
  readonly hashQueue: number;
}

/** While both kinds wait, resets get three of every four places that come free. */
const resetsInTurn = 3;
const hashesPerAccount = 2;
/** Milliseconds after which a waiting call is dropped: its deadline (15 s, `callDeadline`) leaves no time to hash. */
const patience = 12_000;

/**
 * Bounds how many passwords are hashed at the same time and how many wait. Without a bound a flood takes all memory and
 * starves every other request.
 *
 * The call whose parties (client, networks, account) used least of their shares goes first. When the queue is full, the
 * newest call of the party that would use most leaves it, so a flood delays itself, from however many addresses of a
 * network. Resets go before other calls, which keep a quarter of the places.
 */
export class HashLimiter {
  #running = 0;
  #resetsSinceOthers = 0;
  readonly #waiting: Record<Urgency, Waiting[]> = { reset: [], other: [] };
  /** The number of waiting calls of each party. */
  readonly #queued: Record<Urgency, Map<string, number>> = { reset: new Map(), other: new Map() };
  /** The number of hashes under way for each key and each account. */
  readonly #held = new Map<string, number>();
  readonly #shares: HashShares;

  /** @param clock milliseconds. */
  constructor(
    private readonly limits: HashLimits,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#shares = new HashShares(clock);
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.reset.length + this.#waiting.other.length;
  }

  /**
   * To be asked before a call does anything else, so that a call that will be refused costs the stores nothing.
   *
   * @throws Unavailable when the queue is full and this call would be the one to leave it.
   */
  expectRoom(call: HashCall): void {
    if (this.#running < this.limits.hashConcurrency || this.#hasRoom(call.urgency)) return;
    if (this.#toLeave(this.#entry(call)).call === call) throw this.#full(call);
  }

  /**
   * @param work runs at this call's turn; told whether it had to wait: then what was read before may have changed.
   * @throws Unavailable when the queue is full, or this call leaves it or waits over 12 s; then `work` was not started.
   */
  async run<T>(call: HashCall, work: (waited: boolean) => Promise<T>): Promise<T> {
    const turn = this.#enter(call);
    await turn;
    try {
      return await work(turn !== undefined);
    } finally {
      this.#leave(call);
    }
  }

  #enter(call: HashCall): Promise<void> | undefined {
    if (this.#running < this.limits.hashConcurrency && this.#mayBegin(call)) {
      this.#begin(call);
      return undefined;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = { ...this.#entry(call), begin: resolve, giveUp: () => reject(this.#full(call)) };
    if (!this.#hasRoom(call.urgency)) {
      const leaving = this.#toLeave(entry);
      if (leaving === entry) throw this.#full(call);
      this.#remove(leaving);
      leaving.giveUp();
    }
    this.#waiting[call.urgency].push(entry);
    count(this.#queued[call.urgency], entry.parties, 1);
    return promise;
  }

  #leave(call: HashCall): void {
    this.#running--;
    hold(this.#held, call, -1);
    while (this.#running < this.limits.hashConcurrency) {
      const next = this.#next();
      if (!next) return;
      this.#remove(next);
      this.#begin(next.call);
      next.begin();
    }
  }

  #begin(call: HashCall): void {
    this.#running++;
    hold(this.#held, call, 1);
    this.#shares.take(partiesOf(call));
  }

  #next(): Waiting | undefined {
    this.#dropStale('reset');
    this.#dropStale('other');
    const [reset, other] = [this.#firstOf('reset'), this.#firstOf('other')];
    if (!reset || !other) {
      this.#resetsSinceOthers = 0;
      return reset ?? other;
    }
    const isOthersTurn = this.#resetsSinceOthers >= resetsInTurn;
    this.#resetsSinceOthers = isOthersTurn ? 0 : this.#resetsSinceOthers + 1;
    return isOthersTurn ? other : reset;
  }

  /** Among the calls that may begin, the one whose parties used least; among equals, the one that waits longest. */
  #firstOf(urgency: Urgency): Waiting | undefined {
    let first: Waiting | undefined;
    let least: Use = [0, 0];
    for (const each of this.#waiting[urgency]) {
      if (!this.#mayBegin(each.call)) continue;
      const used = this.#shares.usedBy(each.parties);
      if (first && !isLess(used, least)) continue;
      first = each;
      least = used;
    }
    return first;
  }

  /** The call whose parties would use most (waiting calls count); among equals the newest, which may be `newcomer`. */
  #toLeave(newcomer: Waiting): Waiting {
    const { urgency } = newcomer.call;
    const queued = new Map(this.#queued[urgency]);
    count(queued, newcomer.parties, 1);
    let leaving = newcomer;
    let most = this.#shares.usedBy(newcomer.parties, queued);
    for (const each of this.#waiting[urgency].toReversed()) {
      const used = this.#shares.usedBy(each.parties, queued);
      if (!isLess(most, used)) continue;
      leaving = each;
      most = used;
    }
    return leaving;
  }

  #dropStale(urgency: Urgency): void {
    const now = this.clock();
    for (const each of this.#waiting[urgency].filter(({ since }) => now - since > patience)) {
      this.#remove(each);
      each.giveUp();
    }
  }

  #remove(entry: Waiting): void {
    const { urgency } = entry.call;
    this.#waiting[urgency].splice(this.#waiting[urgency].indexOf(entry), 1);
    count(this.#queued[urgency], entry.parties, -1);
  }

  #hasRoom(urgency: Urgency): boolean {
    this.#dropStale(urgency);
    return this.#waiting[urgency].length < this.limits.hashQueue;
  }

  #mayBegin({ key, account }: HashCall): boolean {
    const held = (name: string) => this.#held.get(name) ?? 0;
    if (key !== undefined && held(`key ${key}`) > 0) return false;
    return account === undefined || held(`account ${account}`) < hashesPerAccount;
  }

  #entry(call: HashCall): Waiting {
    const nothing = () => undefined;
    return { call, parties: partiesOf(call), since: this.clock(), begin: nothing, giveUp: nothing };
  }

  #full(call: HashCall): Unavailable {
    this.#shares.tried(call);
    return new Unavailable('hashing', { retryAfterSeconds: 2 });
  }
}

function isLess([one, then]: Use, [other, otherThen]: Use): boolean {
  return one === other ? then < otherThen : one < other;
}

function hold(held: Map<string, number>, { key, account }: HashCall, by: 1 | -1): void {
  const names = [key === undefined ? [] : `key ${key}`, account === undefined ? [] : `account ${account}`].flat();
  count(
    held,
    names.map((name) => ({ name })),
    by,
  );
}

/** Removes a name whose count becomes 0. */
function count(counts: Map<string, number>, names: readonly { readonly name: string }[], by: 1 | -1): void {
  for (const { name } of names) {
    const now = (counts.get(name) ?? 0) + by;
    if (now > 0) counts.set(name, now);
    else counts.delete(name);
  }
}
