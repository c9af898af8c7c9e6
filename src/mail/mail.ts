import type { MailPlace } from './mail-places.js';

/** What a mail takes up while it is sent: a slot, and a share of what there is for its recipient's domain. */
export interface Place {
  readonly to: string;
  /** Which try this is: 1, the default, at the first. */
  readonly attempt?: number;
  /** When the work began that leads to the mail, by the mailer's clock in milliseconds; by default when it is handed in. */
  readonly begun?: number;
  /** Whether an attempt before this one came as far as its recipient: see `smtpTimeouts.recipient`. */
  readonly isRetry?: boolean;
  /** What it holds of the slots: see `Mailer.takePlace`. */
  readonly place?: MailPlace;
}

/** What a mail says. Nothing in a header comes from a person. */
export interface Content {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
  /** Stable for one logical mail, so that copies can be told. */
  readonly messageId: string;
}

/** A mail to one recipient. Addresses passed our parser. */
export interface Mail extends Place, Content {}

export interface MailSettings {
  readonly smtpUrls: readonly string[];
  readonly from: { readonly name: string; readonly address: string };
  readonly requireTls: boolean;
}
