import type { Credential } from '../accounts/accounts.js';
import type { MailTemplates, MailValues } from '../mail/mail-template.js';
import type { Mailer } from '../mail/mailer.js';
import type { SmtpFailure } from '../mail/smtp-failure.js';
import type { ResetKey } from './reset-key.js';

export interface ResetMailSettings {
  /** Where the link leads; the key follows after `#key=`, so that no server ever sees it. */
  readonly pageUrl: string;
  readonly productName: string;
  readonly supportUrl: string | undefined;
}

/** The mails of this feature. They go to the stored address, never to a typed one. */
export class ResetMails {
  constructor(
    private readonly settings: ResetMailSettings,
    private readonly templates: MailTemplates,
    private readonly mailer: Mailer,
  ) {}

  /** A language that there are mails in, or null. */
  knownLocale(tag: string | null | undefined): string | null {
    return this.templates.knownLocale(tag);
  }

  /** @param details.locale the request's language, used when the account has none. */
  sendLink(
    account: Credential,
    key: ResetKey,
    details: { expiresAt: Date; lifetimeSeconds: number; locale: string | null; job: { id: string } },
  ): Promise<SmtpFailure | undefined> {
    const language = this.knownLocale(account.locale) ?? details.locale;
    return this.#send('reset-link', account, language, details.job.id, {
      link: `${this.settings.pageUrl}#key=${key}`,
      lifetime: inWords(details.lifetimeSeconds, language),
      expiresAt: timeInWords(details.expiresAt, language),
    });
  }

  sendNotice(account: Credential, details: { changedAt: Date; job: { id: string } }): Promise<SmtpFailure | undefined> {
    const language = this.knownLocale(account.locale);
    return this.#send('password-changed', account, language, details.job.id, {
      changedAt: timeInWords(details.changedAt, language),
      supportUrl: this.settings.supportUrl ?? null,
      resetPageUrl: this.settings.pageUrl,
    });
  }

  #send(name: string, account: Credential, language: string | null, jobId: string, values: MailValues) {
    const { productName } = this.settings;
    const filled = this.templates.fill(name, language, { ...values, productName });
    return this.mailer.send({ to: account.email, messageId: `${jobId}.${name}`, ...filled });
  }
}

/** "1 hour", "45 minutes", "1 hour 30 minutes", "30 seconds". */
function inWords(seconds: number, language: string | null): string {
  const parts = {
    day: Math.floor(seconds / 86_400),
    hour: Math.floor((seconds % 86_400) / 3_600),
    minute: Math.floor((seconds % 3_600) / 60),
  };
  const units = Object.entries(parts)
    .filter(([, count]) => count > 0)
    .slice(0, 2);
  const said = units.length > 0 ? units : [['second', seconds] as const];
  return said.map(([unit, count]) => unitFormat(language ?? 'en', unit).format(count)).join(' ');
}

/** Mails are read anywhere, so times are in UTC and say so. */
function timeInWords(time: Date, language: string | null): string {
  return timeFormat(language ?? 'en').format(time);
}

// Making a formatter costs more than filling a mail; there are a few, and they hold no state.
const unitFormat = kept(
  (language, unit) => new Intl.NumberFormat(language, { style: 'unit', unit: unit ?? 'second', unitDisplay: 'long' }),
);
const timeFormat = kept(
  (language) => new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' }),
);

function kept<Format>(make: (language: string, unit?: string) => Format): (language: string, unit?: string) => Format {
  const formats = new Map<string, Format>();
  return (language, unit) => {
    const name = `${language} ${unit}`;
    const format = formats.get(name) ?? make(language, unit);
    formats.set(name, format);
    return format;
  };
}
