import type { AccountMails, MailJob } from '../accounts/account-mails.js';
import type { Credential } from '../accounts/accounts.js';
import type { EmailAddress } from '../accounts/email-address.js';
import type { Content } from '../mail/mail.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';
import { inWords, timeInWords } from '../mail/words-of-time.js';
import { mintResetKey, type ResetKey } from '../password-reset/keys/reset-key.js';
import type { ResetMailSettings } from '../password-reset/reset-mails.js';

/** The mails of a sign-up: one of the two, whether the address has an account or not. */
export class SignUpMails {
  constructor(
    private readonly settings: ResetMailSettings,
    private readonly mails: AccountMails,
  ) {}

  /** To a free address; whoever reads its mails sets the password. */
  sendLink(
    email: EmailAddress,
    key: ResetKey,
    details: { expiresAt: Date; lifetimeSeconds: number; locale: string | null; job: MailJob },
  ): Promise<SmtpFailure | undefined> {
    const { locale, lifetimeSeconds, expiresAt, job } = details;
    return this.mails.send('sign-up', email, locale, job, this.#values(key, lifetimeSeconds, expiresAt, locale));
  }

  /** Tells that somebody wanted to sign up with an address that has an account. Holds no key. */
  sendAlreadyRegistered(account: Credential, locale: string | null, job: MailJob): Promise<SmtpFailure | undefined> {
    const { supportUrl = null, pageUrl: resetPageUrl } = this.settings;
    const language = this.mails.knownLocale(account.locale) ?? locale;
    return this.mails.send('already-registered', account.email, language, job, { supportUrl, resetPageUrl });
  }

  /** What the link's mail says, with a key that nobody remembers. */
  likeALink(job: Pick<MailJob, 'id'>): Content {
    return this.mails.fill('sign-up', null, job, this.#values(mintResetKey(), 3_600, new Date(), null));
  }

  #values(key: ResetKey, lifetimeSeconds: number, expiresAt: Date, language: string | null) {
    return {
      link: `${this.settings.pageUrl}#confirm=${key}`,
      lifetime: inWords(lifetimeSeconds, language),
      expiresAt: timeInWords(expiresAt, language),
    };
  }
}
