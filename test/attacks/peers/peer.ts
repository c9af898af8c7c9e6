import type { InboxMail } from '../../../src/dev/inbox/inbox.js';
import type { Answer, Request } from '../attack.js';
import type { Stores } from '../kit/stage-options.js';

/** How a call ended, in terms that all peers share. */
export type Verdict =
  /** The call did what it is for, or says so. */
  | 'done'
  /** Well-formed, and not granted: a wrong key, a wrong password, an address that is taken. */
  | 'refused'
  /** Refused because of how many calls there were. */
  | 'limited'
  /** Not a request that the server takes: malformed, too long, against the policy. */
  | 'rejected'
  /** A fault of the server: a status from 500, or an error that is not one of its documented ones. */
  | 'failed';

export interface Reply {
  readonly verdict: Verdict;
  readonly answer: Answer;
  /** After a sign-in: what the client sends from then on. */
  readonly session?: Session;
}

/** A header that shows who is signed in. */
export type Session = Readonly<Record<string, string>>;

/** How a call is made. */
export interface Call {
  /** The caller's own address; one that has not called before by default. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the request that the operation does not need, or that are attacks: a redirect target. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface Account {
  readonly email: string;
  readonly password: string;
}

/** A product under attack, as strangers see it, and its mailbox and stores, which they do not see. */
export interface Peer {
  /** An account whose owner can sign in. @param email a new one by default. */
  account(email?: string): Promise<Account>;
  signUp(email: unknown, password: unknown, call?: Call): Promise<Reply>;
  requestReset(email: unknown, call?: Call): Promise<Reply>;
  reset(key: unknown, password: unknown, call?: Call): Promise<Reply>;
  signIn(email: unknown, password: unknown, call?: Call): Promise<Reply>;
  changePassword(session: Session, current: string, next: string, call?: Call): Promise<Reply>;
  isSignedIn(session: Session): Promise<boolean>;
  /** Ways to ask for mails to all addresses in one request, by name. */
  several(emails: readonly string[]): Readonly<Record<string, Request>>;
  /** Asks for the description of the API. @returns undefined where there is none. */
  introspect(): Promise<Answer | undefined>;
  /** The key in a mail of this product; empty if the mail has none. */
  keyOf(mail: Pick<InboxMail, 'text' | 'html'>): string;
  /** Sends any request to the API. */
  send(request: Request): Promise<Answer>;
  /** Every mail that was sent, oldest first. */
  mails(): readonly InboxMail[];
  /** Waits until every mail that was asked for has been sent. */
  settled(): Promise<void>;
  /** All that the stores hold, as text. */
  stored(): Promise<string>;
  /** An address from which nobody has called. */
  stranger(): string;
  close(): Promise<void>;
}

export interface PeerOptions {
  /** Seconds that a key lives; the product's own default if undefined. */
  readonly keySeconds?: number;
}

/** What is known of a peer without installing or starting it. */
export interface Contestant {
  /** As in the table. */
  readonly name: string;
  /** The folder of its package; none for Latchkey. */
  readonly folder?: 'better-auth' | 'vendure';
  /** How it is set up, and what it leaves to the application, in a sentence or two. */
  readonly setUp: string;
  /** Seconds that a key lives in the attack on expired keys: the least that the product takes, at most 3. */
  readonly shortest: number;
  start(lab: Lab, options?: PeerOptions): Promise<Peer>;
}

/** What all peers share. */
export interface Lab {
  /** A new, empty database of PostgreSQL. */
  emptyDatabase(): Promise<Database>;
  /** Starts Latchkey's own stage, for the control. */
  readonly stores: Stores;
  stranger(): string;
}

export interface Database {
  readonly url: string;
  query<Row extends Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** What came of an attack on one peer. */
export interface Cell {
  /** `told` is a figure without a verdict; `unfinished` means that nothing is known. */
  readonly kind: 'holds' | 'in part' | 'does not hold' | 'told' | 'does not apply' | 'unfinished';
  readonly seen: string;
}

export interface PeerAttack {
  readonly title: string;
  /** What has to be seen for `holds`. */
  readonly wanted: string;
  run(peer: Peer, again: (options: PeerOptions) => Promise<Peer>, shortest: number): Promise<Cell>;
}
