import { EventEmitter, once } from 'node:events';
import type { SendMailOptions } from 'nodemailer';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { type NotTaken, Relay, type RelayOptions, smtpTimeouts } from './relay.js';
import type { BreakerState, Pass } from './relay-breaker.js';
import type { SmtpFailure } from './smtp-failure.js';

/** A mail to one recipient. Addresses passed our parser; nothing in a header comes from a person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
  /** Stable for one logical mail, so that copies can be told. */
  readonly messageId: string;
}

export interface MailSettings {
  readonly smtpUrls: readonly string[];
  readonly from: { readonly name: string; readonly address: string };
  readonly requireTls: boolean;
}

const resting: SmtpFailure = { fault: 'passing', reason: 'relays-rest', status: undefined, relayDown: true };
const leaseLost: SmtpFailure = { fault: 'passing', reason: 'lease-lost', status: undefined, relayDown: false };

/** Hands mails to the relays, which are tried in turn; one that is down is passed over. */
export class Mailer {
  readonly #relays: readonly Relay[];
  readonly #timeouts;
  readonly #changes = new EventEmitter<{ change: [BreakerState] }>().setMaxListeners(0);

  constructor(
    private readonly settings: MailSettings,
    log: Log,
    metrics: Metrics,
    options: Omit<RelayOptions, 'requireTls'>,
  ) {
    const { requireTls } = settings;
    const changed = (state: BreakerState) => void this.#changes.emit('change', state);
    this.#timeouts = options.timeouts ?? smtpTimeouts;
    this.#relays = settings.smtpUrls.map((url) => new Relay(url, { ...options, requireTls }, log, metrics, changed));
  }

  /**
   * @param leaseEnded nobody begins to send once this is aborted.
   * @returns undefined once a relay answered 250, else how the last relay failed.
   */
  async send(mail: Mail, leaseEnded?: AbortSignal): Promise<SmtpFailure | undefined> {
    const end = performance.now() + this.#timeouts.whole;
    const message = this.#compose(mail);
    const tried = new Set<Relay>();
    let failure: NotTaken | SmtpFailure = resting;
    for (;;) {
      if (leaseEnded?.aborted) return leaseLost;
      const next = this.#next(tried) ?? (tried.size === 0 ? await this.#waitForRelay(leaseEnded) : undefined);
      if (!next) return leaseEnded?.aborted ? leaseLost : failure;
      const { relay, pass } = next;
      tried.add(relay);
      // Each relay gets its share, so that one that hangs leaves time for the next.
      const share = Math.max(1, (end - performance.now()) / (this.#relays.length - tried.size + 1));
      const notTaken = await relay.handOver(message, Math.floor(share), pass);
      if (!notTaken) return undefined;
      failure = notTaken;
      // What the recipient's server said holds everywhere; what a relay may have taken is no other relay's now.
      if (notTaken.fault === 'recipient' || notTaken.unclear) return failure;
    }
  }

  /** Told when one mail may try a relay that rested (`half-open`), and when all may (`closed`). */
  onRelayReady(told: (state: 'half-open' | 'closed') => void): void {
    this.#changes.on('change', (state) => {
      if (state !== 'open') told(state);
    });
  }

  /** Each relay by its name, and whether mails go there. */
  get relays(): readonly { readonly name: string; readonly isUp: boolean }[] {
    return this.#relays.map(({ name, isUp }) => ({ name, isUp }));
  }

  close(): void {
    for (const relay of this.#relays) relay.close();
  }

  #next(tried: ReadonlySet<Relay>): { relay: Relay; pass: Pass } | undefined {
    for (const relay of this.#relays) {
      const pass = tried.has(relay) ? undefined : relay.admit();
      if (pass) return { relay, pass };
    }
    return undefined;
  }

  /** A slot that waits takes no further job: a worker without a relay must not run through the queue and put it off. */
  async #waitForRelay(leaseEnded: AbortSignal | undefined): Promise<{ relay: Relay; pass: Pass } | undefined> {
    const patience = AbortSignal.timeout(this.#timeouts.patience);
    const signal = leaseEnded ? AbortSignal.any([patience, leaseEnded]) : patience;
    while (!signal.aborted) {
      await once(this.#changes, 'change', { signal }).catch(() => undefined);
      const next = this.#next(new Set());
      if (next) return next;
    }
    return undefined;
  }

  #compose({ to, subject, html, text, language, messageId }: Mail): SendMailOptions {
    const { from } = this.settings;
    return {
      // A copy: nodemailer writes into the address object that it is given.
      from: { ...from },
      to: { name: '', address: to },
      envelope: { from: from.address, to: [to] },
      subject,
      html,
      text,
      // Said here, so that nodemailer does not look through every body for the shorter encoding.
      textEncoding: 'quoted-printable' as const,
      messageId: `<${messageId}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
      // RFC 3834 5, and the hint that Exchange knows: no vacation replies to a reset mail.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'Content-Language': language },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }
}
