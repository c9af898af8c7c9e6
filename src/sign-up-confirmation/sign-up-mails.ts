import type { AccountMails, MailJob } from '../accounts/account-mails.js';
import type { Credential } from '../accounts/accounts.js';
import type { EmailAddress } from '../accounts/email-address.js';
import type { Content } from '../mail/mail.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';
import { mintResetKey, type ResetKey } from '../password-reset/keys/reset-key.js';
import type { ResetMailSettings } from '../password-reset/reset-mails.js';

/** The mails of a sign-up: a link to a free address, or a notice to an address that has an account. */
export class SignUpMails {
  constructor(
    private readonly settings: ResetMailSettings,
    private readonly mails: AccountMails,
  ) {}

  /**
   * To a free address: the link to set a password, which makes the account.
   *
   * @returns undefined once a relay took the mail, else how the last relay failed.
   */
  sendLink(
    email: EmailAddress,
    key: ResetKey,
    details: { expiresAt: Date; lifetimeSeconds: number; locale: string | null; job: MailJob },
  ): Promise<SmtpFailure | undefined> {
    const { locale, lifetimeSeconds, expiresAt, job } = details;
    return this.mails.send('sign-up', email, locale, job, this.#values(key, lifetimeSeconds, expiresAt, locale));
  }

  /**
   * Tells an owner that somebody wanted to sign up with the address of the account. Holds no key.
   *
   * @returns undefined once a relay took the mail, else how the last relay failed.
   */
  sendAlreadyRegistered(
    account: Pick<Credential, 'email' | 'locale'>,
    locale: string | null,
    job: MailJob,
  ): Promise<SmtpFailure | undefined> {
    const { supportUrl = null, pageUrl } = this.settings;
    const language = this.mails.knownLocale(account.locale) ?? locale;
    const resetPageUrl = this.mails.pageIn(pageUrl, language);
    return this.mails.send('already-registered', account.email, language, job, { supportUrl, resetPageUrl });
  }

  /** A mail like `sendLink`'s with a key that is stored nowhere; it is never sent. Work for `Mailer.hold`. */
  likeALink(job: Pick<MailJob, 'id'>): Content {
    return this.mails.fill('sign-up', null, job, this.#values(mintResetKey(), 3_600, new Date(), null));
  }

  #values(key: ResetKey, lifetimeSeconds: number, expiresAt: Date, language: string | null) {
    return {
      link: `${this.mails.pageIn(this.settings.pageUrl, language)}#confirm=${key}`,
      supportUrl: this.settings.supportUrl ?? null,
      lifetime: this.mails.lifetime(lifetimeSeconds, language),
      expiresAt: this.mails.moment(expiresAt, language),
    };
  }
}
