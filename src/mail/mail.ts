import type { MailPlace } from './mail-places.js';

/** The members of a mail that decide about its place among the slots. */
export interface Place {
  readonly to: string;
  /** Which try this is: 1, the default, at the first. */
  readonly attempt?: number;
  /** When the work on the mail's job began, in milliseconds of the mailer's clock; by default the time of the call. */
  readonly begun?: number;
  /** Whether an attempt before this one came as far as its recipient: see `smtpTimeouts.recipient`. */
  readonly isRetry?: boolean;
  /** The place that the mail holds: see `Mailer.takePlace`. */
  readonly place?: MailPlace;
}

/** The content of a mail. No header holds text from a person. */
export interface Content {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
  /** A PNG that goes with the mail, and that its HTML shows: see `FilledMail`. */
  readonly logo?: Buffer | undefined;
  /** The same for every copy of one logical mail, so that copies can be recognised. */
  readonly messageId: string;
}

/** A mail to one recipient. Addresses passed our parser. */
export interface Mail extends Place, Content {}

export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

export interface MailSettings {
  readonly smtpUrls: readonly string[];
  readonly from: Mailbox;
  /** Where answers go; by default to `from`. */
  readonly replyTo?: Mailbox | undefined;
  readonly requireTls: boolean;
}
