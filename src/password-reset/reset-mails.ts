import type { AccountMails, MailJob } from '../accounts/account-mails.js';
import type { Credential } from '../accounts/accounts.js';
import type { EmailAddress } from '../accounts/email-address.js';
import type { Content } from '../mail/mail.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';
import { inWords, timeInWords } from '../mail/words-of-time.js';
import { mintResetKey, type ResetKey } from './keys/reset-key.js';

export interface ResetMailSettings {
  /** Where the link leads; the key follows after `#key=`, so that no server ever sees it. */
  readonly pageUrl: string;
  readonly supportUrl: string | undefined;
}

/** The mails of a reset. They go to the stored address; only `sendUnknown` has a typed one. */
export class ResetMails {
  constructor(
    private readonly settings: ResetMailSettings,
    private readonly mails: AccountMails,
  ) {}

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
    const language = this.mails.knownLocale(account.locale) ?? details.locale;
    return this.mails.send('reset-link', account.email, language, details.job, {
      link: `${this.settings.pageUrl}#key=${key}`,
      lifetime: inWords(details.lifetimeSeconds, language),
      expiresAt: timeInWords(details.expiresAt, language),
      isLast: details.nextMailAt !== undefined,
      nextMailAt: timeInWords(details.nextMailAt ?? details.expiresAt, language),
    });
  }

  /** Tells that somebody asked for an address without an account. Holds no key, and nothing that a stranger chose. */
  sendUnknown(email: EmailAddress, locale: string | null, job: MailJob): Promise<SmtpFailure | undefined> {
    const { supportUrl = null, pageUrl: resetPageUrl } = this.settings;
    return this.mails.send('unknown-address', email, locale, job, { supportUrl, resetPageUrl });
  }

  /** What the commonest mail says, with a key that nobody remembers. */
  likeALink(job: Pick<MailJob, 'id'>): Content {
    const link = `${this.settings.pageUrl}#key=${mintResetKey()}`;
    const [lifetime, now] = [inWords(3_600, null), timeInWords(new Date(), null)];
    return this.mails.fill('reset-link', null, job, { link, lifetime, expiresAt: now, isLast: false, nextMailAt: now });
  }
}
