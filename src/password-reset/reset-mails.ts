import type { AccountMails, MailJob } from '../accounts/account-mails.js';
import type { Credential } from '../accounts/accounts.js';
import type { EmailAddress } from '../accounts/email-address.js';
import type { Content } from '../mail/mail.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';
import { mintResetKey, type ResetKey } from './keys/reset-key.js';
import { originOf } from './request-origin.js';

export interface ResetMailSettings {
  /** Address of the page in the link; the key follows after `#key=`, so browsers send it to no server. */
  readonly pageUrl: string;
  readonly supportUrl: string | undefined;
}

/** What the mail with a link tells. */
interface LinkDetails {
  readonly expiresAt: Date;
  readonly lifetimeSeconds: number;
  /** When the budget is used up: until when. The mail then says to keep it. */
  readonly nextMailAt: Date | undefined;
  readonly askedAt: Date;
  /** What asked, as the job says: see `originOf`. */
  readonly browser: unknown;
}

/** The mails of a reset. They go to the stored address; only `sendUnknown` uses the one that was typed. */
export class ResetMails {
  constructor(
    private readonly settings: ResetMailSettings,
    private readonly mails: AccountMails,
  ) {}

  /**
   * @param details.locale the request's language, used when the account has none.
   * @returns undefined once a relay took the mail, else how the last relay failed.
   */
  sendLink(
    account: Pick<Credential, 'email' | 'locale'>,
    key: ResetKey,
    details: LinkDetails & { readonly locale: string | null; readonly job: MailJob },
  ): Promise<SmtpFailure | undefined> {
    const language = this.mails.knownLocale(account.locale) ?? details.locale;
    const values = this.#values(key, details, language);
    return this.mails.send('reset-link', account.email, language, details.job, values);
  }

  /**
   * Tells an address without an account that somebody asked for a reset. Holds no key, and no text that a stranger
   * chose.
   *
   * @returns undefined once a relay took the mail, else how the last relay failed.
   */
  sendUnknown(email: EmailAddress, locale: string | null, job: MailJob): Promise<SmtpFailure | undefined> {
    const { supportUrl = null, pageUrl } = this.settings;
    const resetPageUrl = this.mails.pageIn(pageUrl, locale);
    return this.mails.send('unknown-address', email, locale, job, { supportUrl, resetPageUrl });
  }

  /** A mail like `sendLink`'s with a key that is stored nowhere; it is never sent. Work for `Mailer.hold`. */
  likeALink(job: Pick<MailJob, 'id'>): Content {
    const now = new Date();
    const rest = { lifetimeSeconds: 3_600, nextMailAt: undefined, browser: 'chrome' };
    const details = { expiresAt: now, askedAt: now, ...rest };
    return this.mails.fill('reset-link', null, job, this.#values(mintResetKey(), details, null));
  }

  #values(
    key: ResetKey,
    { expiresAt, lifetimeSeconds, nextMailAt, askedAt, browser }: LinkDetails,
    language: string | null,
  ) {
    return {
      link: `${this.mails.pageIn(this.settings.pageUrl, language)}#key=${key}`,
      supportUrl: this.settings.supportUrl ?? null,
      lifetime: this.mails.lifetime(lifetimeSeconds, language),
      expiresAt: this.mails.moment(expiresAt, language),
      isLast: nextMailAt !== undefined,
      nextMailAt: this.mails.moment(nextMailAt ?? expiresAt, language),
      askedAt: this.mails.momentWithDay(askedAt, language),
      ...originOf(browser),
    };
  }
}
