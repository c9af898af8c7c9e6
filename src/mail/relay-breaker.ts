/** Failures in a row that end the trust in a relay; then pauses in milliseconds, doubling from first to longest. */
export interface BreakerTiming {
  readonly failures: number;
  readonly firstPause: number;
  readonly longestPause: number;
}

/**
 * Three, because one attempt at a dead relay can cost a slot 20 s. The first pause is short, so that a hiccup costs a
 * second; the longest bounds how long a relay that is back stays unnoticed.
 */
export const breakerTiming: BreakerTiming = { failures: 3, firstPause: 1_000, longestPause: 20_000 };

/** Leave to try one mail; exactly one of the two must be called. */
export interface Pass {
  /** The relay answered about the mail, whatever it said. */
  readonly answered: () => void;
  readonly failed: () => void;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Keeps mails from a relay that is down (a circuit breaker). Closed: all go. Open: none goes, for a pause. Half-open:
 * one goes, and what comes of it decides about the others.
 */
export class RelayBreaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #pause = 0;
  #trying = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param changed told each new state, and the pause (milliseconds) when that is `open`. */
  constructor(
    private readonly timing: BreakerTiming,
    private readonly changed: (state: BreakerState, pause: number) => void,
  ) {}

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether `admit` would give leave, taking none. */
  get admits(): boolean {
    return this.#state === 'closed' || (this.#state === 'half-open' && !this.#trying);
  }

  /** Undefined while mails stay away. */
  admit(): Pass | undefined {
    const trial = this.#state === 'half-open';
    if (this.#state === 'open' || (trial && this.#trying)) return undefined;
    this.#trying = trial;
    return { answered: () => this.#answered(), failed: () => this.#failed(trial) };
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #answered(): void {
    this.#failures = 0;
    if (this.#state === 'closed') return;
    // Also by a mail from before the pause: a relay that answers is there.
    clearTimeout(this.#timer);
    this.#pause = 0;
    this.#trying = false;
    this.#become('closed');
  }

  #failed(trial: boolean): void {
    this.#failures++;
    // Mails from before the pause tell nothing new, and must not lengthen it.
    if (this.#state === 'closed' ? this.#failures < this.timing.failures : !trial || this.#state === 'open') return;
    const { firstPause, longestPause } = this.timing;
    this.#pause = Math.min(this.#pause * 2 || firstPause, longestPause);
    this.#trying = false;
    // Between half and whole, so that workers do not come back at the same moment.
    const pause = Math.round(this.#pause * (0.5 + Math.random() / 2));
    this.#timer = setTimeout(() => this.#become('half-open'), pause).unref();
    this.#become('open', pause);
  }

  #become(state: BreakerState, pause = 0): void {
    this.#state = state;
    this.changed(state, pause);
  }
}
