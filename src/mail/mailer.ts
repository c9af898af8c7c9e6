import { EventEmitter, once } from 'node:events';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { type Clock, type DialogueTimes, realClock, usualAtFirst } from './dialogue-times.js';
import { type HeldPlace, holdPlace } from './held-place.js';
import type { Mail, MailSettings } from './mail.js';
import { anyPlace, type MailPlace, MailPlaces, type PlacesTiming } from './mail-places.js';
import { domainOf } from './recipient-domain.js';
import type { BreakerState, Pass } from './relay/breaker.js';
import { type NotTaken, Relay, type RelayOptions, smtpTimeouts } from './relay/relay.js';
import type { SmtpFailure } from './smtp/failure.js';
import { wrapMail } from './wrap-mail.js';

export interface MailerOptions extends Omit<RelayOptions, 'requireTls' | 'name'> {
  /** The number of slots of each queue, by its name; domains and retries get shares of them. */
  readonly slots?: Readonly<Record<string, number>>;
  readonly places?: PlacesTiming;
  /** Where the lengths of dialogues are remembered; without it `hold` holds nothing. */
  readonly times?: DialogueTimes;
  readonly clock?: Clock;
}

const resting: SmtpFailure = { fault: 'passing', reason: 'relays-rest', status: undefined, relayDown: true };
const recipientSlow: SmtpFailure = { fault: 'passing', reason: 'recipient-slow', status: undefined, relayDown: false };
const leaseLost: SmtpFailure = { fault: 'passing', reason: 'lease-lost', status: undefined, relayDown: false };

/** Hands mails to the relays. Tries them in the order of the settings and skips a relay that is down. */
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
   * Takes a place in a queue's slots for a mail to this address. To be called before anything else is done for the
   * mail; the place is to be released after everything else.
   *
   * @param isRetry an earlier attempt came as far as its recipient.
   * @returns undefined when the share of the address's domain, or of retries, is used up: then the job is put off.
   */
  takePlace(queue: string, to: string, isRetry: boolean): MailPlace | undefined {
    const places = this.#places.get(queue);
    return places ? places.take(to, isRetry) : anyPlace;
  }

  /**
   * @param leaseEnded once this is aborted, no further relay is tried.
   * @returns undefined once a relay answered 250, else how the last relay failed.
   */
  async send(mail: Mail, leaseEnded?: AbortSignal): Promise<SmtpFailure | undefined> {
    const begun = mail.begun ?? this.#clock.now();
    const end = performance.now() + this.#timeouts.whole;
    const domain = domainOf(mail.to);
    const earlier = this.#times?.draw(domain);
    const parcel = await wrapMail(mail, this.settings, mail.place ?? anyPlace);
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
        // Each relay gets an equal part of the time that is left, so that one that hangs leaves time for the next.
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
        // Another relay would not help a bad recipient; and a mail that this relay may have taken must not go twice.
        if (notTaken.fault === 'recipient' || notTaken.unclear) return failure;
      }
    } finally {
      const isFirst = (mail.attempt ?? 1) === 1;
      const length = this.#clock.now() - begun - waited;
      const drawn = await earlier;
      if (this.#times && isOnLine) {
        mail.place?.keepUntil(begun + waited + (drawn?.usual ?? usualAtFirst));
        if (isFirst) this.#times.note(domain, length, mail.place?.isSlow);
      }
    }
  }

  /**
   * Holds a place and a line as long as a mail would, and sends nothing, so that the times of other mails do not tell
   * whether there was a mail here. Leaves the same behind as a mail: an open line, and a domain known as quick or slow.
   * While all relays rest, it waits as a mail would.
   *
   * @param held.like a mail that is composed and thrown away, to use the processor as a real mail does.
   */
  async hold(held: HeldPlace, leaseEnded?: AbortSignal): Promise<void> {
    const [times, clock, sender] = [this.#times, this.#clock, this.settings];
    if (!times) return;
    const waitForRelay = (find: () => Relay | undefined) => this.#waitForRelay(leaseEnded, find);
    const holding = { relays: this.#relays, times, clock, sender, whole: this.#timeouts.whole, waitForRelay };
    await holdPlace(holding, held, leaseEnded);
  }

  /**
   * Calls back when a relay that rested may be tried with one mail (`half-open`), and when all mails may go
   * (`closed`).
   */
  onRelayReady(told: (state: 'half-open' | 'closed') => void): void {
    this.#changes.on('change', (state) => {
      if (state !== 'open') told(state);
    });
  }

  /** For each relay: its name, whether mails go there, and the most lines to it now. */
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

  /** The slot waits with its mail, so that a worker without a relay does not take and delay every job of the queue. */
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
