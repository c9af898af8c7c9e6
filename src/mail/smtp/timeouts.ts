/**
 * Milliseconds. Each stage of a dialogue has its own timeout, which bytes from the relay do not extend. `whole` bounds
 * a mail over all relays, even if no single stage is too slow.
 */
export interface SmtpTimeouts {
  readonly dns: number;
  /** For all addresses of the host name together. */
  readonly connection: number;
  readonly greeting: number;
  /** Every other stage. */
  readonly silence: number;
  /** At RCPT in a first attempt. A retry gets `silence`, because relays that ask the recipient's server answer late. */
  readonly recipient: number;
  /** How long a mail waits for a relay while all of them rest, or for a free line; part of `whole`. */
  readonly patience: number;
  readonly whole: number;
}

export const smtpTimeouts: SmtpTimeouts = {
  dns: 5_000,
  connection: 5_000,
  greeting: 20_000,
  silence: 20_000,
  recipient: 5_000,
  patience: 5_000,
  whole: 60_000,
};
