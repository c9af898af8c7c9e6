import { DomainsInARow } from '../recipient-domain.js';

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

/** Leave to try one mail; exactly one of the four must be called. */
export interface Pass {
  /** The relay answered about the mail, whatever it said. */
  readonly answered: () => void;
  readonly failed: () => void;
  /** What failed may be the recipient's: it counts together with other domains' only. */
  readonly suspected: () => void;
  /** The mail came to no end that tells anything of the relay. */
  readonly undecided: () => void;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Keeps mails from a relay that is down (a circuit breaker). Closed: all go. Open: none goes, for a pause. Half-open:
 * one goes, and what comes of it decides about the others.
 *
 * Silence after a recipient was named opens it only where different domains meet it in a row, and no other mail was
 * answered in the meantime: strangers choose recipients. Then the pause stays the first, half-open lets one mail of
 * each other domain through, and those that met the silence come last.
 */
export class RelayBreaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #answers = 0;
  #pause = 0;
  #isBySuspicion = false;
  readonly #suspects: DomainsInARow;
  readonly #trying = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param changed told each new state, and the pause (milliseconds) when that is `open`. */
  constructor(
    private readonly timing: BreakerTiming,
    private readonly changed: (state: BreakerState, pause: number) => void,
  ) {
    this.#suspects = new DomainsInARow(timing.failures);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether `admit` would give leave to a mail to this domain, taking none. */
  admits(domain: string): boolean {
    if (this.#state !== 'half-open') return this.#state === 'closed';
    if (!this.#isBySuspicion) return this.#trying.size === 0;
    return !this.#trying.has(domain) && !this.#suspects.has(domain);
  }

  /** Undefined while mails to this domain stay away. */
  admit(domain: string): Pass | undefined {
    if (!this.admits(domain)) return undefined;
    const isTrial = this.#state === 'half-open';
    if (isTrial) this.#trying.add(domain);
    const answersBefore = this.#answers;
    return {
      answered: () => this.#answered(),
      failed: () => this.#failed(isTrial),
      undecided: () => void this.#trying.delete(domain),
      suspected: () => this.#suspected(domain, isTrial, this.#answers > answersBefore),
    };
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #answered(): void {
    this.#answers++;
    this.#failures = 0;
    this.#suspects.end();
    if (this.#state === 'closed') return;
    // Also by a mail from before the pause: a relay that answers is there.
    this.#pause = 0;
    this.#become('closed');
  }

  #failed(isTrial: boolean): void {
    this.#failures++;
    // Mails from before the pause tell nothing new, and must not lengthen it.
    if (this.#state === 'closed' ? this.#failures < this.timing.failures : !isTrial || this.#state === 'open') return;
    const { firstPause, longestPause } = this.timing;
    this.#isBySuspicion = false;
    this.#open(Math.min(this.#pause * 2 || firstPause, longestPause));
  }

  /** @param othersWereAnswered while this mail waited: then the relay is there. */
  #suspected(domain: string, isTrial: boolean, othersWereAnswered: boolean): void {
    if (othersWereAnswered) return;
    const areMany = this.#suspects.add(domain);
    if (this.#state === 'closed' ? !areMany : !isTrial || this.#state === 'open') return;
    this.#isBySuspicion = true;
    this.#open(this.timing.firstPause);
  }

  #open(pause: number): void {
    this.#pause = pause;
    // Between half and whole, so that workers do not come back at the same moment.
    const drawn = Math.round(pause * (0.5 + Math.random() / 2));
    this.#become('open', drawn);
    this.#timer = setTimeout(() => this.#halfOpen(), drawn).unref();
  }

  #halfOpen(): void {
    this.#become('half-open');
    if (!this.#isBySuspicion) return;
    // Where nobody else writes, those that met the silence must get their turn.
    this.#timer = setTimeout(() => {
      this.#suspects.end();
      this.changed('half-open', 0);
    }, this.timing.longestPause).unref();
  }

  #become(state: BreakerState, pause = 0): void {
    clearTimeout(this.#timer);
    this.#trying.clear();
    this.#state = state;
    this.changed(state, pause);
  }
}
