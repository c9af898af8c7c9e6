/**
 * A model of the reset protocol: which atomic steps there are, and in which order one process takes them. `walk.ts`
 * tries every interleaving of them; `invariants.ts` says what must hold. Each step of the model is one round trip of
 * the code, because only there can another process come in between; what touches no store (shape, policy, hashing) is
 * no step.
 *
 * | Step (label in a trace)      | Code                                                                             |
 * | ---------------------------- | -------------------------------------------------------------------------------- |
 * | `lookUp`                     | password-reset.ts `#find`: `resetKeys.lookUp` (reset-keys.ts, GET and MAC)        |
 * | `receipts.find, no record`   | `#find`: `receipts.find` when there is no record: USED or UNKNOWN                 |
 * | `accounts.find`              | `#find`: version, status, expiry; found the second time: `throw new Unavailable`  |
 * | `receipts.find, which reason`| `#find`: last line, USED or SUPERSEDED                                            |
 * | `BEGIN`                      | `reset` 4 and 5: hash made, transaction begun; `now()` stands still from here     |
 * | `UPDATE and INSERTs`         | accounts.ts `replacePassword`; `receipts.write`, `audit.record`, `enqueueWithin`:  |
 * |                              | one step, because nobody sees them before COMMIT; waits for the row lock           |
 * | `COMMIT`                     | accounts.ts `transaction` ends, and the answer is given                           |
 * | `compare hash`               | `#readBack`: `findSettled`, waits for the row lock; this call's hash: success      |
 * | `read back`                  | `#readBack`: `receipts.find`; none: unknown; another call's: step 7, `lookUp`     |
 * | `takeReplay`                 | `#replay`: `receipts.find`, then reset-receipts.ts `takeReplay`                   |
 * | `verify`                     | `#replay`: `findWithHash` (the verifying itself touches no store), and the answer |
 * | sign-in `read`               | sessions.ts `#open`: `findWithHash`, verify                                       |
 * | sign-in `issue`              | `signIn`: `accessTokens.issue` with the session version that was read             |
 * | sign-in `renew`              | `#renewHash`, accounts.ts `renewHash`                                             |
 * | change `authenticate`        | change-password.ts: `sessions.authenticate`                                       |
 * | change `read`                | `findWithHash`, verify                                                            |
 * | change `UPDATE…`, `COMMIT`   | as above, with the change's own audit event and notice                            |
 * | change `issue`               | `accessTokens.issue` with the session version read, plus one                      |
 * | operator `disable`, `enable` | accounts.ts `disable`, `enable`                                                   |
 *
 * Faults: a process dies before any step (for its client the same: the store or the hash limiter is away, and the
 * answer is TemporarilyUnavailable or none); a statement fails (lock timeout, no connection); the connection is cut during
 * COMMIT, and the database commits or rolls back when it likes; Redis loses, brings back or forges a record; the keys
 * expire; a client stops waiting and calls again while its first call still runs.
 *
 * Left out: the ten minutes of the replay window and the client's failure limit (both only refuse more), and sign out
 * everywhere (touches no credential). One account; each key was made for version 1; each client has its own password.
 */
export type KeyName = 'K1' | 'K2';
export const keyNames: readonly KeyName[] = ['K1', 'K2'];
export const mintedFor = 1;
export const mostReplays = 3;

/** How the protocol does what could be done in another way; a mutant differs in one or more. */
export interface Rules {
  readonly lookUp: 'GET' | 'GETDEL';
  readonly checksMac: boolean;
  readonly onRedisError: 'try later' | 'invalid';
  readonly updateGuardedByVersion: boolean;
  readonly uniqueReceipts: boolean;
  readonly deletesRecordAfterCommit: boolean;
  readonly noticeInTransaction: boolean;
  /** Whether #readBack asks whose receipt it found: two calls may have the same key. */
  readonly readBackComparesHash: boolean;
  readonly countsReplay: 'before verifying' | 'after verifying';
  readonly renewalGuarded: boolean;
  readonly sessionsCarryVersion: boolean;
}

export interface Account {
  version: number;
  sessionVersion: number;
  /** The password that the hash stands for. */
  password: string;
  /** The process that made the hash: each has a salt of its own. */
  hashOf: number;
  /** Whether the hash has old parameters, so that a sign-in renews it. */
  outdated: boolean;
  active: boolean;
}

/** `taken`: deleted by ourselves, which only mutants do. */
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
  /** Whether its process waits no more: the database alone will end it. */
  cut: boolean;
}

/** A committed change of the password, as it was, for the invariants. */
export interface Commit {
  key: KeyName | undefined;
  password: string;
  from: number;
  /** Begun after the keys had expired. */
  late: boolean;
}

export type ResetStep =
  | 'idle'
  | 'lookUp'
  | 'receipts.find, no record'
  | 'accounts.find'
  | 'receipts.find, which reason'
  | 'BEGIN'
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
  /** Whether `#find` runs for the second time (step 7). */
  again: boolean;
  record: { version: number; everlasting: boolean } | undefined;
  begunInTime: boolean;
  begunLate: boolean;
  answer: 'none' | 'completed' | 'invalid' | 'unknown';
  /** Its client waits no more. */
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
}
export type Process = ResetCall | OtherProcess;

export interface Session {
  sessionVersion: number;
  /** The credential version under which its password was verified. */
  madeAt: number;
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
  /** How many faults may still happen: of processes and lines, and of Redis. */
  faultsLeft: number;
  redisFaultsLeft: number;
  /** What happened, for the invariants; no step reads it. */
  commits: Commit[];
  disabled: number;
  lostOnce: Record<KeyName, boolean>;
  guesses: Record<KeyName, number>;
  refusedThenCommitted: boolean;
}

export interface Step {
  readonly label: string;
  readonly state: State;
}
