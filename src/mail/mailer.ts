import { createTransport, type Transporter } from 'nodemailer';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { type SmtpFailure, smtpFailure } from './smtp-failure.js';

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

/** Milliseconds. `whole` bounds a mail over all relays, also when each step is slow but none too slow. */
export const smtpTimeouts = { dns: 5_000, connection: 5_000, greeting: 5_000, silence: 20_000, whole: 60_000 } as const;

/** Hands mails to the relays, which are tried in turn. */
export class Mailer {
  readonly #relays: { name: string; transport: Transporter }[];

  constructor(
    private readonly settings: MailSettings,
    private readonly log: Log,
    private readonly metrics: Metrics,
    connections: number,
  ) {
    this.#relays = settings.smtpUrls.map((url) => ({
      name: new URL(url).host,
      transport: open(url, settings, connections),
    }));
  }

  /** @returns undefined once a relay answered 250, else how the last relay failed. */
  async send(mail: Mail): Promise<SmtpFailure | undefined> {
    // Each relay gets its share, so that one that hangs leaves time for the next.
    const share = Math.floor(smtpTimeouts.whole / this.#relays.length);
    let failure: SmtpFailure = { fault: 'relay', reason: 'no-relay', status: undefined };
    for (const { name, transport } of this.#relays) {
      try {
        await transport.sendMail({ ...this.#compose(mail), signal: AbortSignal.timeout(share) });
        this.metrics.mail(name, 'taken');
        return undefined;
      } catch (error) {
        failure = smtpFailure(error);
        this.metrics.mail(name, failure.fault);
        this.log.warn(
          { relay: name, reason: failure.reason, smtpStatus: failure.status },
          'a relay did not take a mail',
        );
        if (failure.fault === 'recipient') return failure;
      }
    }
    return failure;
  }

  close(): void {
    for (const { transport } of this.#relays) transport.close();
  }

  #compose({ to, subject, html, text, language, messageId }: Mail) {
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

function open(url: string, settings: MailSettings, connections: number): Transporter {
  const { hostname, searchParams } = new URL(url);
  const isThisMachine = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const saysOtherwise = searchParams.has('ignoreTLS') || searchParams.has('requireTLS');
  return createTransport({
    url,
    pool: true,
    maxConnections: connections,
    maxMessages: 1_000,
    maxRecipients: 1,
    dnsTimeout: smtpTimeouts.dns,
    connectionTimeout: smtpTimeouts.connection,
    greetingTimeout: smtpTimeouts.greeting,
    socketTimeout: smtpTimeouts.silence,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(settings.requireTls && !isThisMachine && !saysOtherwise ? { requireTLS: true } : {}),
  });
}
