import { EventEmitter, once } from 'node:events';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { type Clock, type DialogueTimes, realClock } from './dialogue-times.js';
import { type HeldPlace, holdPlace } from './held-place.js';
import type { Mail, MailSettings } from './mail.js';
import { anyPlace, type MailPlace, MailPlaces, type PlacesTiming } from './mail-places.js';
import { domainOf } from './recipient-domain.js';
import type { BreakerState, Pass } from './relay/breaker.js';
import { type NotTaken, Relay, type RelayOptions, smtpTimeouts } from './relay/relay.js';
import type { SmtpFailure } from './smtp/failure.js';
import { wrapMail } from './wrap-mail.js';

export interface MailerOptions extends Omit<RelayOptions, 'requireTls' | 'name'> {
  /** Slots by the name of their queue: what recipients' domains and retries have their shares of. */
  readonly slots?: Readonly<Record<string, number>>;
  readonly places?: PlacesTiming;
  /** Where the lengths of dialogues are remembered; without it `hold` holds nothing. */
  readonly times?: DialogueTimes;
  readonly clock?: Clock;
}

const resting: SmtpFailure = { fault: 'passing', reason: 'relays-rest', status: undefined, relayDown: true };
const recipientSlow: SmtpFailure = { fault: 'passing', reason: 'recipient-slow', status: undefined, relayDown: false };
const leaseLost: SmtpFailure = { fault: 'passing', reason: 'lease-lost', status: undefined, relayDown: false };

/** Hands mails to the relays, which are tried in turn; one that is down is passed over. */
export class Mailer {
  readonly #relays: readonly Relay[];
  readonly #timeouts;
  readonly #times: DialogueTimes | undefined;
  readonly #clock: Clock;
  readonly #places = new Map<string, MailPlaces>();
  readonly #changes = new EventEmitter<{ change: [BreakerState] }>().setMaxListeners(0);

  constructor(
    private readonly settings: MailSettings,
    log: Log,
    metrics: Metrics,
    options: MailerOptions,
  ) {
    const { requireTls } = settings;
    this.#times = options.times;
    const clock = options.clock ?? realClock;
    this.#clock = clock;
    const changed = (state: BreakerState) => void this.#changes.emit('change', state);
    this.#timeouts = options.timeouts ?? smtpTimeouts;
    for (const [queue, slots] of Object.entries(options.slots ?? {})) {
      this.#places.set(queue, new MailPlaces(slots, options.places, clock));
    }
    const relay = { ...options, requireTls, name: domainOf(settings.from.address) };
    this.#relays = settings.smtpUrls.map((url) => new Relay(url, relay, log, metrics, changed));
  }

  /**
   * A share of a queue's slots for a mail to this address, to be taken before anything is done for it and released
   * after everything.
   *
   * @param isRetry an attempt before this one came as far as its recipient.
   * @returns undefined when it must come again later: what its domain, or retries, may hold is taken.
   */
  takePlace(queue: string, to: string, isRetry: boolean): MailPlace | undefined {
    const places = this.#places.get(queue);
    return places ? places.take(to, isRetry) : anyPlace;
  }

  /**
   * @param leaseEnded nobody begins to send once this is aborted.
   * @returns undefined once a relay answered 250, else how the last relay failed.
   */
  async send(mail: Mail, leaseEnded?: AbortSignal): Promise<SmtpFailure | undefined> {
    const begun = mail.begun ?? this.#clock.now();
    const end = performance.now() + this.#timeouts.whole;
    const parcel = await wrapMail(mail, this.settings.from, mail.place ?? anyPlace);
    const tried = new Set<Relay>();
    let failure: NotTaken | SmtpFailure = resting;
    let waited = 0;
    let isOnLine = false;
    try {
      for (;;) {
        if (leaseEnded?.aborted) return leaseLost;
        let next = this.#next(mail.to, tried);
        if (!next && tried.size === 0) {
          const from = this.#clock.now();
          next = await this.#waitForRelay(leaseEnded, () => this.#next(mail.to, new Set()));
          waited += this.#clock.now() - from;
        }
        if (!next) return leaseEnded?.aborted ? leaseLost : failure;
        const { relay, pass } = next;
        tried.add(relay);
        // Each relay gets its share, so that one that hangs leaves time for the next.
        const share = Math.max(1, (end - performance.now()) / (this.#relays.length - tried.size + 1));
        let untilReady = 0;
        const onReady = (milliseconds: number) => {
          untilReady = milliseconds;
          isOnLine = true;
        };
        const notTaken = await relay.handOver({ ...parcel, onReady }, Math.floor(share), pass);
        waited += untilReady;
        if (!notTaken) return undefined;
        if (mail.place?.signal.aborted && !notTaken.unclear) return { ...recipientSlow, stage: notTaken.stage };
        failure = notTaken;
        // What the recipient's server said holds everywhere; what a relay may have taken is no other relay's now.
        if (notTaken.fault === 'recipient' || notTaken.unclear) return failure;
      }
    } finally {
      const isFirst = (mail.attempt ?? 1) === 1;
      const length = this.#clock.now() - begun - waited;
      const domain = domainOf(mail.to);
      const earlier = await this.#times?.draw(domain);
      if (earlier) mail.place?.keepUntil(begun + waited + earlier.usual);
      if (isOnLine && isFirst) this.#times?.note(domain, length, mail.place?.isSlow);
    }
  }

  /**
   * Takes up place and line as a mail would, for as long as one would, and sends nothing: whoever sees when other mails
   * leave does not learn whether there was a mail here. What a mail leaves behind, this does, too: a line that is open,
   * and a domain that is known to be quick, or slow. While relays rest it waits as a mail would.
   *
   * @param held.like a mail that is written down and thrown away: others wait for the same processor.
   */
  async hold(held: HeldPlace, leaseEnded?: AbortSignal): Promise<void> {
    const [times, clock, { from }] = [this.#times, this.#clock, this.settings];
    if (!times) return;
    const waitForRelay = (find: () => Relay | undefined) => this.#waitForRelay(leaseEnded, find);
    const holding = { relays: this.#relays, times, clock, from, whole: this.#timeouts.whole, waitForRelay };
    await holdPlace(holding, held, leaseEnded);
  }

  /** Told when one mail may try a relay that rested (`half-open`), and when all may (`closed`). */
  onRelayReady(told: (state: 'half-open' | 'closed') => void): void {
    this.#changes.on('change', (state) => {
      if (state !== 'open') told(state);
    });
  }

  /** Each relay by its name, whether mails go there, and how many lines to it there may be. */
  get relays(): readonly { readonly name: string; readonly isUp: boolean; readonly lines: number }[] {
    return this.#relays.map(({ name, isUp, lines }) => ({ name, isUp, lines }));
  }

  close(): void {
    for (const relay of this.#relays) relay.close();
  }

  #next(to: string, tried: ReadonlySet<Relay>): { relay: Relay; pass: Pass } | undefined {
    for (const relay of this.#relays) {
      const pass = tried.has(relay) ? undefined : relay.admit(to);
      if (pass) return { relay, pass };
    }
    return undefined;
  }

  /** A slot that waits takes no further job: a worker without a relay must not run through the queue and put it off. */
  async #waitForRelay<Found>(
    leaseEnded: AbortSignal | undefined,
    find: () => Found | undefined,
  ): Promise<Found | undefined> {
    const patience = AbortSignal.timeout(this.#timeouts.patience);
    const signal = leaseEnded ? AbortSignal.any([patience, leaseEnded]) : patience;
    while (!signal.aborted) {
      await once(this.#changes, 'change', { signal }).catch(() => undefined);
      const found = find();
      if (found) return found;
    }
    return undefined;
  }
}
