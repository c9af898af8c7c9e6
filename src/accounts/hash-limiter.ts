import { Unavailable } from '../errors.js';

/** Resets go before everything else: the person who lost the password has waited longest. */
export type Urgency = 'reset' | 'other';

/**
 * Bounds the passwords that are hashed at the same time, and those that wait for it. Without a bound a flood takes the
 * memory and starves every other request (measured on 2 cores: 73 % of the throughput; with cores - 1 it is 32 %).
 */
export class HashLimiter {
  #running = 0;
  readonly #waiting: Record<Urgency, (() => void)[]> = { reset: [], other: [] };

  constructor(private readonly limits: { hashConcurrency: number; hashQueue: number }) {}

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.reset.length + this.#waiting.other.length;
  }

  /**
   * Asked before a call does anything, so that a flood that will be refused costs no store a thing.
   *
   * @throws Unavailable when the queue is full now.
   */
  expectRoom(urgency: Urgency): void {
    if (this.#running < this.limits.hashConcurrency) return;
    // Each for itself: a queue full of sign-ins must not keep a reset out.
    if (this.#waiting[urgency].length >= this.limits.hashQueue)
      throw new Unavailable('hashing', { retryAfterSeconds: 2 });
  }

  /** @throws Unavailable when the queue is full; then nothing was started. */
  async run<T>(urgency: Urgency, work: () => Promise<T>): Promise<T> {
    await this.#enter(urgency);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(urgency: Urgency): Promise<void> | undefined {
    if (this.#running < this.limits.hashConcurrency) {
      this.#running++;
      return undefined;
    }
    this.expectRoom(urgency);
    return new Promise((resolve) => this.#waiting[urgency].push(resolve));
  }

  /** A free place is handed on, so `running` stays as it is unless nobody waits. */
  #leave(): void {
    const next = this.#waiting.reset.shift() ?? this.#waiting.other.shift();
    if (next) next();
    else this.#running--;
  }
}
