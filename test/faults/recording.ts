import type { Arrival } from './receivers.js';

/** Milliseconds since the epoch, with a fraction. The stores use the same machine's clock, so times can be compared. */
export const now = () => performance.timeOrigin + performance.now();

/** What the caller knows of a call: it took effect, it was refused, or neither is known. */
export type Outcome = 'ok' | 'refused' | 'unknown';

export type Call =
  | { readonly op: 'request'; readonly email: string }
  | { readonly op: 'inspect'; readonly key: string }
  | { readonly op: 'reset'; readonly account: string; readonly key: string; readonly password: string }
  | { readonly op: 'signIn'; readonly account: string; readonly email: string; readonly password: string }
  | { readonly op: 'me'; readonly account: string; readonly token: Token }
  | {
      readonly op: 'change';
      readonly account: string;
      readonly token: Token;
      readonly from: string;
      readonly password: string;
    }
  | { readonly op: 'signOut'; readonly account: string; readonly token: Token };

/** An access token and the call that gave it. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One call, as its client saw it. */
export type Entry = Call & {
  readonly client: number;
  /** `api-1` or `api-2`. */
  readonly to: string;
  readonly start: number;
  readonly end: number;
  readonly outcome: Outcome;
  /** The type of the result, with the reason where it has one; or how the request failed. */
  readonly result: string;
};

/** A mail whose text the relay has received whole. */
export interface Taken {
  readonly messageId: string;
  readonly jobId: string;
  readonly to: string;
  readonly subject: string;
  readonly key: string | undefined;
  /** When its last byte was there, and when the relay answered 250. */
  readonly received: number;
  readonly answered: number;
  /** The worker that sent the mail. */
  readonly worker: string;
  /** Whether a fault or the worker broke the connection to the relay before the 250 could be written. */
  readonly lineHurt: boolean;
  /**
   * What Redis held for the key before the relay answered, read without a proxy: the account's version and when the
   * account was read (milliseconds since the epoch), or why it is not known. Undefined for a mail without a key.
   */
  readonly record: { readonly version: number; readonly readAt: number } | 'absent' | 'redis-away' | undefined;
}

/** A fault from its start until it was healed. */
export interface Fault {
  readonly kind: string;
  /** `api-1`, `worker-2`, `postgres`, `redis`, `relay`, or a connection: `api-1 to redis`. */
  readonly target: string;
  readonly start: number;
  end: number;
  /**
   * Parts whose work may be cut short or lose its answer: `worker-1` for a process, `worker-1 redis` for its
   * connections to a store, `redis` for the store itself.
   */
  readonly affects: readonly string[];
  readonly detail?: string;
}

/** A transaction of the app that owns the accounts, as it saw it. */
export interface AppWrite {
  readonly account: string;
  readonly op: string;
  readonly xid: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly outcome: Outcome;
  /** SQLSTATE or message of what went wrong. */
  readonly code: string | undefined;
}

export interface TestAccount {
  readonly id: string;
  readonly email: string;
  /** Every address that it ever had, in lower case; where an app owns the account, it may move. */
  readonly emails: string[];
  readonly password: string;
  readonly since: number;
}

/** Everything that happened, for the checker. */
export class Recording {
  readonly entries: Entry[] = [];
  readonly taken: Taken[] = [];
  /** Events, in the order in which they reached their receivers whole. */
  readonly told: Arrival[] = [];
  readonly faults: Fault[] = [];
  readonly accounts = new Map<string, TestAccount>();
  readonly appWrites: AppWrite[] = [];
  /** The passwords of hashes that the app made. */
  readonly hashes = new Map<string, string>();
  /** Keys that were never mailed; a forger wrote their records into Redis. */
  readonly forged = new Set<string>();
  /** Names of `reset:` records, and how often their SET was seen on any connection to Redis. */
  readonly remembered = new Map<string, number>();

  readonly #keys = new Map<string, string[]>();

  take(mail: Taken): void {
    this.taken.push(mail);
    const to = mail.to.toLowerCase();
    if (mail.key) this.#keys.set(to, [...(this.#keys.get(to) ?? []), mail.key]);
  }

  /** The keys that were mailed to these addresses; those of one address in their order, the newest last. */
  keysOf(emails: readonly string[]): readonly string[] {
    return emails.flatMap((email) => this.#keys.get(email) ?? []);
  }

  /** Whose address this is or was. */
  ownerOf(email: string): TestAccount | undefined {
    return [...this.accounts.values()].find(({ emails }) => emails.includes(email.toLowerCase()));
  }

  /** Whether Redis lost data between these times, so that older keys may be unknown. */
  lossesBetween(start: number, end: number): boolean {
    return this.faults.some(({ kind, start: at, end: until }) => {
      return losesKeys(kind) && at <= end && until >= start;
    });
  }
}

export function losesKeys(kind: string): boolean {
  return kind === 'redis-lose';
}
