import { setImmediate as turn } from 'node:timers/promises';
import { type HashCall, HashLimiter } from '../../../../src/accounts/passwords/hashing/hash-limiter.js';
import { clientNames } from '../../../../src/http/client-ip.js';

/** A limiter with a simulated clock: a hash takes a set time, whatever the machine does. */
export class HashLoad {
  now = 0;
  /** The most hashes that ran at the same time, in all and for one key. */
  peak = 0;
  readonly limiter: HashLimiter;
  readonly #events: { at: number; run: () => void }[] = [];

  /** @param hashing milliseconds of one hash. */
  constructor(
    limits = { hashConcurrency: 2, hashQueue: 64 },
    private readonly hashing = 30,
  ) {
    this.limiter = new HashLimiter(limits, () => this.now);
  }

  at(ms: number, run: () => void): void {
    this.#events.push({ at: ms, run });
  }

  /** Makes one call. @returns whether its hash was made, and when. */
  call(call: HashCall): Promise<{ done: boolean; at: number }> {
    const work = () => {
      this.peak = Math.max(this.peak, this.limiter.running);
      return new Promise<void>((resolve) => this.at(this.now + this.hashing, resolve));
    };
    return this.limiter.run(call, work).then(
      () => ({ done: true, at: this.now }),
      () => ({ done: false, at: this.now }),
    );
  }

  /** Makes `most` calls one after the other; a refused one is repeated after a second, as the refusal says. */
  keepCalling(call: HashCall, most: number, wait = 1000): void {
    void this.call(call).then(({ done }) => {
      if (most > 1) this.at(this.now + (done ? 0 : wait), () => this.keepCalling(call, most - 1, wait));
    });
  }

  /** Lets the clock run to `end`, from event to event. */
  async run(end: number): Promise<void> {
    for (;;) {
      await turn();
      this.#events.sort((one, other) => one.at - other.at);
      const next = this.#events[0];
      if (!next || next.at > end) break;
      this.#events.shift();
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = end;
  }
}

export function from(address: string, call: Partial<HashCall> = {}): HashCall {
  return { urgency: 'other', caller: clientNames(address), ...call };
}
