import { DomainsInARow } from '../recipient-domain.js';

/** Failures in a row that open the breaker; then pauses in milliseconds, doubling from first to longest. */
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

/** Permission to try one mail; the caller must call exactly one of the four functions. */
export interface Pass {
  /** The relay answered about the mail, whatever it said. */
  readonly answered: () => void;
  readonly failed: () => void;
  /** The failure may be the recipient's: it counts only together with failures of other domains. */
  readonly suspected: () => void;
  /** The end of the mail says nothing about the relay. */
  readonly undecided: () => void;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Keeps mails from a relay that is down (a circuit breaker). Closed: all go. Open: none goes, for a pause. Half-open:
 * one goes, and what comes of it decides about the others.
 *
 * Strangers choose recipients, so silence after a recipient was named opens it only if mails to several domains in a
 * row meet silence and no other mail was answered in the meantime. The pause is then always the first one, half-open
 * lets one mail of each other domain through, and the domains that met the silence come last.
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

  /** @param changed called with each new state, and with the pause (milliseconds) when the state is `open`. */
  constructor(
    private readonly timing: BreakerTiming,
    private readonly changed: (state: BreakerState, pause: number) => void,
  ) {
    this.#suspects = new DomainsInARow(timing.failures);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether `admit` would let a mail to this domain through; counts nothing. */
  admits(domain: string): boolean {
    if (this.#state !== 'half-open') return this.#state === 'closed';
    if (!this.#isBySuspicion) return this.#trying.size === 0;
    return !this.#trying.has(domain) && !this.#suspects.has(domain);
  }

  /** Lets one mail to this domain through. @returns undefined while mails to this domain must not go. */
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
    // This also holds for a mail that began before the pause: a relay that answers is up.
    this.#pause = 0;
    this.#become('closed');
  }

  #failed(isTrial: boolean): void {
    this.#failures++;
    // Mails that began before the pause must not lengthen it.
    if (this.#state === 'closed' ? this.#failures < this.timing.failures : !isTrial || this.#state === 'open') return;
    const { firstPause, longestPause } = this.timing;
    this.#isBySuspicion = false;
    this.#open(Math.min(this.#pause * 2 || firstPause, longestPause));
  }

  /** @param othersWereAnswered other mails were answered while this one waited: then the relay is up. */
  #suspected(domain: string, isTrial: boolean, othersWereAnswered: boolean): void {
    if (othersWereAnswered) return;
    const areMany = this.#suspects.add(domain);
    if (this.#state === 'closed' ? !areMany : !isTrial || this.#state === 'open') return;
    this.#isBySuspicion = true;
    this.#open(this.timing.firstPause);
  }

  #open(pause: number): void {
    this.#pause = pause;
    // Random, between half and whole, so that workers do not try again at the same time.
    const drawn = Math.round(pause * (0.5 + Math.random() / 2));
    this.#become('open', drawn);
    this.#timer = setTimeout(() => this.#halfOpen(), drawn).unref();
  }

  #halfOpen(): void {
    this.#become('half-open');
    if (!this.#isBySuspicion) return;
    // If no mail to another domain comes, the domains that met the silence must be tried.
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
