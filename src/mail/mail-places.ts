import { type Clock, realClock } from './dialogue-times.js';
import { recipientDomain } from './recipient-domain.js';
import type { SmtpStage } from './smtp/stages.js';

/** A place that a mail holds while it is sent. */
export interface MailPlace {
  /** Aborts when other mails need a place that waits for a slow recipient. */
  readonly signal: AbortSignal;
  /** Whether the mail waited for its recipient longer than `PlacesTiming.slow`. */
  readonly isSlow: boolean;
  /** To be called with each stage of the dialogue. */
  readonly stage: (stage: SmtpStage) => void;
  /** Keeps the place until this time at least (the clock's milliseconds). Of several times the latest counts. */
  readonly keepUntil: (time: number) => void;
  /**
   * Resolves at that time, or when the signal aborts; no later than `PlacesTiming.slow` from now, so that a domain
   * cannot take the slots from others by a few slow answers before many quick ones.
   */
  readonly kept: (signal?: AbortSignal) => Promise<void>;
  /** May be called more than once. */
  readonly release: () => void;
}

/** The place of a mail whose queue has no bounded slots. */
export const anyPlace: MailPlace = {
  signal: new AbortController().signal,
  isSlow: false,
  stage: () => undefined,
  keepUntil: () => undefined,
  kept: async () => undefined,
  release: () => undefined,
};

/** Milliseconds. */
export interface PlacesTiming {
  /** A longer wait for a recipient is slow. */
  readonly slow: number;
  /** How long a domain counts as quick after a quick answer. */
  readonly trust: number;
  /** How long a domain does not count as quick after a slow answer. */
  readonly distrust: number;
}

export const placesTiming: PlacesTiming = { slow: 1_000, trust: 600_000, distrust: 60_000 };
/** The most domains that are remembered; the one whose last answer is oldest is forgotten first. */
const mostRemembered = 1_000;

interface Held {
  readonly domain: string;
  readonly isRetry: boolean;
  isSlow: boolean;
}

/**
 * Shares out the slots of one queue's mails (bulkheads), so that no recipient's server, which may be a stranger's, can
 * hold all of them:
 *
 * - the mails to one domain hold at most a third of the slots, and more only while the domain answers quickly;
 * - mails with a slow recipient hold at most two thirds together, and a third per domain; a mail that turns slow beyond
 *   that is ended, because one slow server may serve many domains;
 * - retries hold at most a third, so that first attempts always have slots.
 *
 * A mail whose share is used up is put off before anything is done for it.
 */
export class MailPlaces {
  readonly #held = new Set<Held>();
  /** The time from which a domain is trusted; it is in the future after a slow answer. */
  readonly #trustedFrom = new Map<string, number>();
  readonly #third: number;
  readonly #twoThirds: number;

  constructor(
    private readonly slots: number,
    private readonly timing: PlacesTiming = placesTiming,
    private readonly clock: Clock = realClock,
  ) {
    this.#third = Math.max(1, Math.floor(slots / 3));
    this.#twoThirds = Math.max(1, Math.floor((2 * slots) / 3));
  }

  /** @returns undefined when the share of this recipient's domain, or of retries, is taken. */
  take(to: string, isRetry: boolean): MailPlace | undefined {
    const domain = recipientDomain(to);
    if (isRetry && this.#count((held) => held.isRetry) >= this.#third) return undefined;
    const share = this.#isTrusted(domain) ? this.slots : this.#third;
    if (this.#count((held) => held.domain === domain) >= share) return undefined;
    const held: Held = { domain, isRetry, isSlow: false };
    this.#held.add(held);
    const cut = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    let cameToRecipient = false;
    let keptUntil = 0;
    return {
      signal: cut.signal,
      get isSlow() {
        return held.isSlow;
      },
      stage: (stage) => {
        clearTimeout(timer);
        if (!isWaitingForRecipient(stage)) return;
        cameToRecipient = true;
        timer = setTimeout(() => this.#turnedSlow(held, stage, cut), this.timing.slow);
      },
      keepUntil: (time) => {
        keptUntil = Math.max(keptUntil, time);
      },
      kept: async (signal) => {
        clearTimeout(timer);
        const left = Math.min(keptUntil - this.clock.now(), this.timing.slow);
        if (left > 0) await this.clock.sleep(left, signal);
      },
      release: () => {
        clearTimeout(timer);
        if (this.#held.delete(held) && cameToRecipient && !held.isSlow) this.#remember(domain, this.clock.now());
      },
    };
  }

  #turnedSlow(held: Held, stage: SmtpStage, cut: AbortController): void {
    this.#remember(held.domain, this.clock.now() + this.timing.distrust);
    const slow = this.#count((each) => each.isSlow);
    const slowOfDomain = this.#count((each) => each.isSlow && each.domain === held.domain);
    held.isSlow = true;
    // A mail that the relay may have taken is not ended: it would be sent twice.
    if (stage === 'body' || stage === 'end') return;
    if (slow >= this.#twoThirds || slowOfDomain >= this.#third) cut.abort();
  }

  #isTrusted(domain: string): boolean {
    const from = this.#trustedFrom.get(domain) ?? Number.POSITIVE_INFINITY;
    return from <= this.clock.now() && this.clock.now() - from < this.timing.trust;
  }

  /** Keeps a later time that is remembered already. */
  #remember(domain: string, from: number): void {
    const latest = Math.max(from, this.#trustedFrom.get(domain) ?? 0);
    this.#trustedFrom.delete(domain);
    this.#trustedFrom.set(domain, latest);
    const [oldest] = this.#trustedFrom.keys();
    if (this.#trustedFrom.size > mostRemembered && oldest !== undefined) this.#trustedFrom.delete(oldest);
  }

  #count(which: (held: Held) => boolean): number {
    let count = 0;
    for (const each of this.#held) if (which(each)) count++;
    return count;
  }
}

function isWaitingForRecipient(stage: SmtpStage): boolean {
  return stage === 'RCPT' || stage === 'DATA' || stage === 'body' || stage === 'end';
}
