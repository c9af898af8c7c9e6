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
  /** Calls that may wait: as many resets, and as many others. */
  readonly hashQueue: number;
}

/** Of four places that come free while both wait, resets get three. */
const resetsInTurn = 3;
const hashesPerAccount = 2;
/** Milliseconds after which nobody is told of the result any more: the call's deadline is 15 s. */
const patience = 12_000;

/**
 * Bounds the passwords that are hashed at the same time, and those that wait for it. Without a bound a flood takes the
 * memory and starves every other request.
 *
 * Who has used least of a share goes first, and when the queue is full, the newest call of whoever would use most of one
 * leaves it: a flood, from however many addresses of a network, stands in its own way. Resets go before the rest, which
 * keeps a quarter.
 */
export class HashLimiter {
  #running = 0;
  #resetsSinceOthers = 0;
  readonly #waiting: Record<Urgency, Waiting[]> = { reset: [], other: [] };
  /** How many calls of each party wait. */
  readonly #queued: Record<Urgency, Map<string, number>> = { reset: new Map(), other: new Map() };
  /** Hashes under way for a key, and for an account. */
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
   * Asked before a call does anything, so that a flood that will be refused costs no store a thing.
   *
   * @throws Unavailable when this call would have to leave a full queue now.
   */
  expectRoom(call: HashCall): void {
    if (this.#running < this.limits.hashConcurrency || this.#hasRoom(call.urgency)) return;
    if (this.#toLeave(this.#entry(call)).call === call) throw this.#full(call);
  }

  /**
   * @param work told whether it had to wait, so that what was true before may not be any more.
   * @throws Unavailable when the queue is full, or becomes so before this call's turn; then nothing was started.
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

  /** Of those that may begin, the one whose parties used least; of equals the one that waits longest. */
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

  /** The one who would have used most, with all that waits; of equals the newest, which may be `newcomer`. */
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

/** A name that comes to nothing is not kept. */
function count(counts: Map<string, number>, names: readonly { readonly name: string }[], by: 1 | -1): void {
  for (const { name } of names) {
    const now = (counts.get(name) ?? 0) + by;
    if (now > 0) counts.set(name, now);
    else counts.delete(name);
  }
}
