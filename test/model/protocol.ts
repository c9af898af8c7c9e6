/**
 * A model of the reset protocol: which atomic steps there are, and in which order one process takes them. `walk.ts`
 * tries every interleaving of them; `invariants.ts` says what must hold. Each step of the model is one round trip of
 * the code to a store, because only between round trips can another process change something. Work that touches no
 * store (shape, policy, hashing) is no step.
 *
 * | Step (label in a trace)       | Code                                                                             |
 * | ----------------------------- | -------------------------------------------------------------------------------- |
 * | `lookUp`                      | password-reset.ts `#lookUpKey`: `resetKeys.lookUp` (GET, check of the MAC)       |
 * | `receipts.find, no record`    | `#withoutRecord`: `receipts.find`: USED or UNKNOWN                               |
 * | `accounts.find`               | `#lookUpKey`: version, status, expiry; works a second time: Unavailable          |
 * | `receipts.find, which reason` | `#lookUpKey`: `receipts.find`: USED or SUPERSEDED                                |
 * | `BEGIN`                       | `#commit`, after hashing: the transaction begins; its `now()` keeps this time    |
 * | `UPDATE and INSERTs`          | `#commit`: `replacePassword` waits for the row lock; receipt, event, notice;     |
 * |                               | one step, because nobody sees these writes before COMMIT                         |
 * | `COMMIT`                      | accounts.ts: the `transaction` of `#commit` ends, and the answer is given        |
 * | `compare hash`                | `#commit`, orReadBack: `findSettled` waits for the row lock; own hash: success   |
 * | `read back`                   | `#commit`, orReadBack: `receipts.find`; none: unknown; another's: `lookUp` again |
 * | `takeReplay`                  | replays.ts `find`: `receipts.find`, then reset-receipts.ts `takeReplay`          |
 * | `verify`                      | replays.ts `find`: `findWithHash` (verifying touches no store), and the answer   |
 * | sign-in `read`                | sessions.ts `#open`: reads the account with its hash, verifies the password      |
 * | sign-in `issue`               | `signIn`: `accessTokens.issue` with the session version that was read            |
 * | sign-in `renew`               | sessions.ts `#renewHash`: accounts.ts `renewHash`                                |
 * | change `authenticate`         | change-password.ts: `sessions.authenticate`                                      |
 * | change `read`                 | change-password.ts: `findWithHash`, verifies the current password                |
 * | change `UPDATE...`, `COMMIT`  | as above, with the change's own audit event and notice                           |
 * | change `issue`                | `accessTokens.issue` with the session version that was read, plus one            |
 * | operator `disable`, `enable`  | accounts.ts `disable`, `enable`                                                  |
 *
 * Where an app owns the accounts, `UPDATE and INSERTs` has two steps before it, and `app.ts` is the app:
 *
 * | `take the version`            | accounts.ts `replacePassword`: locks our version, if it is still this one        |
 * | `lock the row`                | `replacePassword`: waits for the app; the UPDATE sees what the app has committed |
 *
 * Faults: a process dies before any step (its client sees the same when a store or the hash limiter is away: the answer
 * is TemporarilyUnavailable, or there is none); a statement fails (lock timeout, no connection); the connection is cut
 * during COMMIT, and the database commits or rolls back at any later time; Redis loses a record or has it again, or
 * somebody forges a record; the keys expire; a client stops waiting and calls again while its first call still runs.
 *
 * Left out: the ten minutes of the replay window and the client's failure limit (both only refuse more calls), and sign
 * out everywhere (it changes no credential). An app that deletes an account is one that suspends it, and one that makes
 * it anew is one that changes its hash: the guard sees no other difference. There is one account; each key was made for version 1; each client sets
 * its own password.
 */
export type KeyName = 'K1' | 'K2';
export const keyNames: readonly KeyName[] = ['K1', 'K2'];
export const mintedFor = 1;
export const mostReplays = 3;

/** The choices that the protocol makes. A mutant makes one or more of them differently. */
export interface Rules {
  readonly lookUp: 'GET' | 'GETDEL';
  readonly checksMac: boolean;
  readonly onRedisError: 'try later' | 'invalid';
  readonly updateGuardedByVersion: boolean;
  readonly uniqueReceipts: boolean;
  readonly deletesRecordAfterCommit: boolean;
  readonly noticeInTransaction: boolean;
  /** Whether the read after an unclear COMMIT checks that the reset is this call's: two calls may have one key. */
  readonly readBackComparesHash: boolean;
  readonly countsReplay: 'before verifying' | 'after verifying';
  readonly renewalGuarded: boolean;
  readonly sessionsCarryVersion: boolean;
  /** These four are about an app's table. */
  readonly stampHasAddress: boolean;
  readonly guardChecksActive: boolean;
  readonly locksBeforeGuard: boolean;
  /** Whether a key is bound to a version of ours as well, which rises with every reset. */
  readonly hasVersionBeside: boolean;
}

export interface Account {
  version: number;
  sessionVersion: number;
  /** The password that the hash stands for. */
  password: string;
  /** The process that made the hash, which stands for the hash's salt. */
  hashOf: number;
  /** Whether the hash has old parameters, so that a sign-in renews it. */
  outdated: boolean;
  active: boolean;
  /** Which address it has; only an app changes it. */
  address: number;
}

/** `taken`: the service deleted it, which only mutants do. */
export interface RedisRecord {
  is: 'kept' | 'taken' | 'lost' | 'forged';
  version: number;
}

/** An open transaction that holds the lock of the account's row. */
export interface Transaction {
  process: number;
  key: KeyName | undefined;
  password: string;
  fromVersion: number;
  late: boolean;
  /** Whether it holds the lock of the row, which the app waits for. */
  holdsRow: boolean;
  /** Whether the row was another than the one that the key, or the change, was made for. */
  unfit: boolean;
  /** Whether its connection was cut: its process no longer waits for it, and the database commits or rolls back. */
  cut: boolean;
}

/** A committed change of the password; only the invariants read it. */
export interface Commit {
  key: KeyName | undefined;
  password: string;
  from: number;
  /** Whether its transaction began after the keys had expired. */
  late: boolean;
  unfit: boolean;
}

export type ResetStep =
  | 'idle'
  | 'lookUp'
  | 'receipts.find, no record'
  | 'accounts.find'
  | 'receipts.find, which reason'
  | 'BEGIN'
  | 'take the version'
  | 'lock the row'
  | 'UPDATE and INSERTs'
  | 'COMMIT'
  | 'read back'
  | 'compare hash'
  | 'takeReplay'
  | 'verify'
  | 'count and complete'
  | 'count and refuse'
  | 'delete record'
  | 'send notice'
  | 'ended';

/** One call of resetPassword. A client's second call is its retry. */
export interface ResetCall {
  readonly kind: 'reset';
  readonly name: string;
  readonly key: KeyName;
  readonly password: string;
  readonly retry: boolean;
  next: ResetStep;
  /** Whether the key is looked up for the second time, after a commit that did not happen or is unclear. */
  again: boolean;
  record: { version: number; everlasting: boolean } | undefined;
  begunInTime: boolean;
  begunLate: boolean;
  /** What a statement that began before it waited for the app knows of the row; only a mutant's does. */
  seen: { address: number; active: boolean } | undefined;
  answer: 'none' | 'completed' | 'invalid' | 'unknown';
  /** Whether its client has stopped waiting, so that no answer arrives. */
  dropped: boolean;
  /** The invariant that its answer broke. */
  broke: '' | 'I2' | 'I3' | 'I4';
}

/** A sign-in, a signed-in password change or an operator. */
export interface OtherProcess {
  readonly kind: 'sign-in' | 'change' | 'operator';
  readonly name: string;
  next: 'authenticate' | 'read' | 'issue' | 'renew' | 'UPDATE and INSERTs' | 'COMMIT' | 'disable' | 'enable' | 'ended';
  version: number;
  sessionVersion: number;
  outdated: boolean;
  /** What the row said when it was read. */
  stamp: string;
}
export type Process = ResetCall | OtherProcess;

export interface Session {
  sessionVersion: number;
  /** The credential version under which its password was verified. */
  madeAt: number;
  stamp: string;
}

/** What an app does to the row of an account, in a transaction of its own. */
export type AppWrite = 'changes the password' | 'forces a reset' | 'moves' | 'suspends' | 'opens' | 'restores the row';

/** The app that owns the accounts: how often it may still write, and what it has written and not committed. */
export interface AppState {
  left: number;
  pending: AppWrite | undefined;
}

export interface State {
  account: Account;
  receipts: Record<KeyName, { fromVersion: number; replays: number } | undefined>;
  records: Record<KeyName, RedisRecord>;
  expired: boolean;
  notices: number;
  audits: number;
  sessions: Session[];
  transaction: Transaction | undefined;
  processes: Process[];
  /** Undefined for our own table. */
  app: AppState | undefined;
  /** How many faults of processes and connections may still happen; `redisFaultsLeft` is the same for Redis. */
  faultsLeft: number;
  redisFaultsLeft: number;
  /** From here on: what has happened, for the invariants. No step reads these fields. */
  commits: Commit[];
  /** The password that the app wrote last, since our last commit. */
  appPassword: string | undefined;
  /** Whether the app ever wrote what ends the keys; it may put it back. */
  endedByApp: boolean;
  disabled: number;
  lostOnce: Record<KeyName, boolean>;
  guesses: Record<KeyName, number>;
  refusedThenCommitted: boolean;
}

export interface Step {
  readonly label: string;
  readonly state: State;
}
