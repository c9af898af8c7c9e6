import { type Clock, realClock } from './dialogue-times.js';
import { recipientDomain } from './recipient-domain.js';
import type { SmtpStage } from './smtp/stages.js';

/** What a mail takes up while it is sent. */
export interface MailPlace {
  /** Aborted when others need what a slow recipient holds. */
  readonly signal: AbortSignal;
  /** Whether a recipient was waited for so long that others need what it holds. */
  readonly isSlow: boolean;
  /** Told where the dialogue stands. */
  readonly stage: (stage: SmtpStage) => void;
  /** Milliseconds of the clock until when the place stays taken at the least. The latest counts. */
  readonly keepUntil: (time: number) => void;
  /**
   * Resolves then, or when the signal aborts. A place that is kept for long counts as one that waits for a slow recipient: it
   * ends when others need it.
   */
  readonly kept: (signal?: AbortSignal) => Promise<void>;
  /** May be called more than once. */
  readonly release: () => void;
}

/** Where nobody bounds the slots. */
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
  /** From when on a wait for a recipient is slow. */
  readonly slow: number;
  /** How long a domain is trusted after a quick answer, and how long it is not after a slow one. */
  readonly trust: number;
  readonly distrust: number;
}

export const placesTiming: PlacesTiming = { slow: 1_000, trust: 600_000, distrust: 60_000 };
/** Domains that are remembered; the one that was longest not heard of goes first. */
const mostRemembered = 1_000;

interface Held {
  readonly domain: string;
  readonly isRetry: boolean;
  isSlow: boolean;
}

/**
 * Who may hold the slots by which the mails of one queue leave (bulkheads), so that no recipient's server, which a
 * stranger may run, can hold them all:
 *
 * - a recipient's domain holds a third of them, and more only while it answers quickly;
 * - what waits for recipients' servers holds two thirds together, and a third of one domain: what turns slow beyond that
 *   is ended, because many domains may lie on one slow server;
 * - retries hold a third, so that first attempts always have theirs.
 *
 * A mail that finds its share taken is put off before it takes up anything.
 */
export class MailPlaces {
  readonly #held = new Set<Held>();
  /** From when on a domain is trusted, because it answered quickly; later than now after it was slow. */
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
        const left = keptUntil - this.clock.now();
        if (left <= 0) return;
        if (!held.isSlow) timer = setTimeout(() => this.#turnedSlow(held, 'RCPT', cut), this.timing.slow);
        await this.clock.sleep(left, signal ? AbortSignal.any([signal, cut.signal]) : cut.signal);
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
    // What may have been taken is not ended: it would go twice.
    if (stage === 'body' || stage === 'end') return;
    if (slow >= this.#twoThirds || slowOfDomain >= this.#third) cut.abort();
  }

  #isTrusted(domain: string): boolean {
    const from = this.#trustedFrom.get(domain) ?? Number.POSITIVE_INFINITY;
    return from <= this.clock.now() && this.clock.now() - from < this.timing.trust;
  }

  /** A time that is later stays. */
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
