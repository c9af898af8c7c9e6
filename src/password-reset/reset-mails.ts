import type { Credential } from '../accounts/accounts.js';
import type { EmailAddress } from '../accounts/email-address.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { MailPlace } from '../mail/mail-places.js';
import type { MailTemplates, MailValues } from '../mail/mail-template.js';
import type { Mailer } from '../mail/mailer.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';
import { mintResetKey, type ResetKey } from './reset-key.js';

export interface ResetMailSettings {
  /** Where the link leads; the key follows after `#key=`, so that no server ever sees it. */
  readonly pageUrl: string;
  readonly productName: string;
  readonly supportUrl: string | undefined;
}

/** A job as a mail needs it. */
export type MailJob = Pick<Job<unknown>, 'id' | 'attempt' | 'begun' | 'wasTried' | 'signal'> & {
  /** What it holds of the slots, where it must hold something. */
  readonly place?: MailPlace;
};

/** Whether the place of a job was used for a dialogue. */
export interface PlaceUse {
  isUsed: boolean;
}

/** What a job waits for whose mail no relay took. */
export const forRelay = 'relay';

/** How a job goes on whose mail did not leave. Once a recipient was asked, its next attempts are retries of that. */
export function notSent({ fault, reason, relayDown, stage, isSuspect }: SmtpFailure): Settlement {
  if (fault === 'recipient') return { settle: 'dead', reason };
  const tried = isSuspect || stage === 'RCPT' || stage === 'DATA' || stage === 'body' || stage === 'end';
  return { settle: 'retry', reason, ...(relayDown ? { waitsFor: forRelay } : {}), ...(tried ? { tried } : {}) };
}

/** How a job goes on that finds no place: see `ResetMails.takePlace`. */
export const noPlace: Settlement = { settle: 'later', reason: 'share-taken' };

/** The mails of this feature. They go to the stored address; only `sendUnknown` has a typed one. */
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

  /**
   * @param details.nextMailAt the budget is used up until then: the mail says that it is to be kept.
   * @param details.locale the request's language, used when the account has none.
   */
  sendLink(
    account: Credential,
    key: ResetKey,
    details: {
      expiresAt: Date;
      lifetimeSeconds: number;
      nextMailAt: Date | undefined;
      locale: string | null;
      job: MailJob;
    },
  ): Promise<SmtpFailure | undefined> {
    const language = this.knownLocale(account.locale) ?? details.locale;
    return this.#send('reset-link', account.email, language, details.job, {
      link: `${this.settings.pageUrl}#key=${key}`,
      lifetime: inWords(details.lifetimeSeconds, language),
      expiresAt: timeInWords(details.expiresAt, language),
      isLast: details.nextMailAt !== undefined,
      nextMailAt: timeInWords(details.nextMailAt ?? details.expiresAt, language),
    });
  }

  sendNotice(account: Credential, details: { changedAt: Date; job: MailJob }): Promise<SmtpFailure | undefined> {
    const language = this.knownLocale(account.locale);
    return this.#send('password-changed', account.email, language, details.job, {
      changedAt: timeInWords(details.changedAt, language),
      supportUrl: this.settings.supportUrl ?? null,
      resetPageUrl: this.settings.pageUrl,
    });
  }

  /** Tells that somebody asked for an address without an account. Holds no key, and nothing that a stranger chose. */
  sendUnknown(email: EmailAddress, locale: string | null, job: MailJob): Promise<SmtpFailure | undefined> {
    const { supportUrl = null, pageUrl: resetPageUrl } = this.settings;
    return this.#send('unknown-address', email, locale, job, { supportUrl, resetPageUrl });
  }

  /** To a free address; whoever reads its mails sets the password. */
  sendSignUpLink(
    email: EmailAddress,
    key: ResetKey,
    details: { expiresAt: Date; lifetimeSeconds: number; locale: string | null; job: MailJob },
  ): Promise<SmtpFailure | undefined> {
    const { locale, lifetimeSeconds, expiresAt, job } = details;
    return this.#send('sign-up', email, locale, job, {
      link: `${this.settings.pageUrl}#confirm=${key}`,
      lifetime: inWords(lifetimeSeconds, locale),
      expiresAt: timeInWords(expiresAt, locale),
    });
  }

  /** Tells that somebody wanted to sign up with an address that has an account. Holds no key. */
  sendAlreadyRegistered(account: Credential, locale: string | null, job: MailJob): Promise<SmtpFailure | undefined> {
    const { supportUrl = null, pageUrl: resetPageUrl } = this.settings;
    const language = this.knownLocale(account.locale) ?? locale;
    return this.#send('already-registered', account.email, language, job, { supportUrl, resetPageUrl });
  }

  /**
   * A place among the slots of this queue, taken before anything is done for this address, account or not, and released
   * after everything.
   *
   * @returns undefined while the address's domain, or retries, hold what they may.
   */
  takePlace(queue: { readonly name: string }, to: string, { wasTried }: MailJob): MailPlace | undefined {
    return this.mailer.takePlace(queue.name, to, wasTried);
  }

  /**
   * Works on a job whose mail goes to an address that a stranger may have chosen. The worker is no oracle: a job that
   * ends without a dialogue, for whatever reason, holds its place as long as a mail would, or the next mail in the queue,
   * early or late, would tell who has an account.
   *
   * @param work sets `use.isUsed` once a relay is asked, whatever comes of it.
   */
  async inPlace<Data>(
    queue: { readonly name: string },
    job: Job<Data & { readonly email: string }>,
    work: (job: Job<Data & { readonly email: string }> & MailJob, use: PlaceUse) => Promise<Settlement>,
  ): Promise<Settlement> {
    // From a row that somebody may have broken.
    const to = String(job.data.email);
    const place = this.takePlace(queue, to, job);
    if (!place) return noPlace;
    const placed = { ...job, place };
    const { signal, ...held } = placed;
    const use = { isUsed: false };
    try {
      return await work(placed, use).finally(() =>
        use.isUsed ? undefined : this.mailer.hold({ to, ...placeOf(held), like: this.#likeALink(job) }, signal),
      );
    } finally {
      place.release();
    }
  }

  #send(name: string, to: string, language: string | null, job: MailJob, values: MailValues) {
    return this.mailer.send({ to, ...placeOf(job), ...this.#compose(name, language, job, values) }, job.signal);
  }

  /** What the commonest mail would say to nobody in particular. */
  #likeALink(job: Pick<MailJob, 'id'>) {
    const link = `${this.settings.pageUrl}#key=${mintResetKey()}`;
    const [lifetime, now] = [inWords(3_600, null), timeInWords(new Date(), null)];
    return this.#compose('reset-link', null, job, { link, lifetime, expiresAt: now, isLast: false, nextMailAt: now });
  }

  #compose(name: string, language: string | null, { id }: Pick<MailJob, 'id'>, values: MailValues) {
    const { productName } = this.settings;
    return { messageId: `${id}.${name}`, ...this.templates.fill(name, language, { ...values, productName }) };
  }
}

function placeOf({ attempt, begun, wasTried, place }: Omit<MailJob, 'signal'>) {
  return { attempt, begun, isRetry: wasTried, ...(place ? { place } : {}) };
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
