import type { EntityManager } from '@mikro-orm/postgresql';
import { type Accounts, type AccountView, type Credential, view } from '../accounts/accounts.js';
import type { PasswordHash } from '../accounts/passwords/password-hash.js';
import type { AcceptedPassword, PasswordPolicy, PasswordRejected } from '../accounts/passwords/password-policy.js';
import type { Audit } from '../audit/audit.js';
import type { Caller } from '../calls/caller.js';
import { type TemporarilyUnavailable, withinDeadline } from '../calls/deadline.js';
import { from, type TooManyRequests } from '../calls/too-many-requests.js';
import type { Log } from '../observability/log.js';
import { hashCallOf, type Replays } from '../password-reset/keys/replays.js';
import { type KeyDigest, parseResetKey } from '../password-reset/keys/reset-key.js';
import type { ResetReceipts } from '../password-reset/keys/reset-receipts.js';
import { type InvalidResetKey, invalid, type NotFound, ResetKeyFault } from '../password-reset/outcomes.js';
import type { CallerLimit } from '../rate-limit/caller-limit.js';
import { pass } from '../rate-limit/pass.js';
import { type SignUpKeys, signUpDigestOf } from './sign-up-keys.js';

export type ConfirmOutcome =
  | { readonly kind: 'SignUpConfirmed'; readonly account: AccountView }
  | InvalidResetKey
  | PasswordRejected
  | TooManyRequests
  | TemporarilyUnavailable;

export interface ConfirmSignUpDeps {
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly keyFailures: CallerLimit;
  /** Whether `SIGN_UP` is `confirm`; otherwise every key is unknown. */
  readonly isOn: boolean;
  readonly keys: SignUpKeys;
  readonly log: Log;
  readonly passwordHash: PasswordHash;
  readonly passwordPolicy: PasswordPolicy;
  /** Receipts of used keys; `fromVersion` is 0, because the new account has version 1. */
  readonly receipts: ResetReceipts;
  readonly replays: Replays;
}

/** The key expired before the transaction began: rolls it back. */
class TooLate extends Error {}

/** The last step of a sign-up: the holder of the mail's link sets a password, which makes the account. */
export class ConfirmSignUp {
  constructor(private readonly deps: ConfirmSignUpDeps) {}

  /**
   * Redeems the key as a reset does: a failure before the commit does not use it up, and the same call again gets the
   * same answer. A store that is away is the outcome `TemporarilyUnavailable`.
   */
  async confirm(input: { key: string; password: string }, caller: Caller): Promise<ConfirmOutcome> {
    const { passwordHash, passwordPolicy, log } = this.deps;
    const verdict = passwordPolicy.check(input.password);
    if (verdict.kind === 'PasswordRejected') return verdict;
    return withinDeadline(log, caller.requestId, async () => {
      const found = await this.#find(input.key, caller);
      if (found.kind !== 'Found') return this.#otherwise(found, verdict.password, caller);
      const { digest, record } = found;
      const verdictForAddress = passwordPolicy.check(input.password, record.email);
      if (verdictForAddress.kind === 'PasswordRejected') return verdictForAddress;
      const hash = await passwordHash.make(verdict.password, hashCallOf(digest, caller));
      const account = await this.#create(digest, { ...record, passwordHash: hash }, caller);
      if (account) return { kind: 'SignUpConfirmed', account: view(account) };
      // Another call was faster, or the key expired while the password was hashed.
      const now = await this.#find(input.key, caller);
      return now.kind === 'Found'
        ? this.#refused(ResetKeyFault.EXPIRED, caller)
        : this.#otherwise(now, verdict.password, caller);
    });
  }

  /**
   * Writes the account, the receipt and the audit event in one transaction.
   *
   * @returns undefined when it wrote nothing.
   */
  async #create(
    digest: KeyDigest,
    { expiresAt, ...fields }: Parameters<Accounts['create']>[0] & { expiresAt: Date },
    caller: Caller,
  ): Promise<Credential | undefined> {
    const { accounts, audit, receipts } = this.deps;
    const alongside = async (transaction: EntityManager, accountId: string) => {
      if ((await accounts.now(transaction)) >= expiresAt) throw new TooLate();
      await receipts.write(transaction, digest, { accountId, fromVersion: 0 });
      await audit.record(transaction, { kind: 'account.sign-up-confirmed', accountId, ...from(caller) });
    };
    return accounts.create(fields, alongside).catch((error: unknown) => {
      if (error instanceof TooLate) return undefined;
      throw error;
    });
  }

  /** The key's record if the key works now; otherwise the reason why not. */
  async #find(keyText: string, caller: Caller) {
    const { accounts, isOn, keyFailures, keys, receipts } = this.deps;
    const key = isOn ? parseResetKey(keyText) : undefined;
    const digest = key && signUpDigestOf(key);
    const record = digest && (await keys.lookUp(digest));
    if (!record) {
      // Counted before PostgreSQL is asked, so that guessed keys cost PostgreSQL nothing.
      const passed = await pass(caller, [keyFailures]);
      if (passed.kind !== 'Passed') return passed;
      if (!digest || !(await receipts.find(digest))) return invalid(ResetKeyFault.UNKNOWN);
      await passed.succeeded();
      return invalid(ResetKeyFault.USED, digest);
    }
    if (await receipts.find(digest)) return invalid(ResetKeyFault.USED, digest);
    // There is an account with this address by now, made by another key of the same mailbox or by an operator.
    if (await accounts.find({ email: record.email })) return invalid(ResetKeyFault.SUPERSEDED);
    if (record.expiresAt <= (await accounts.now())) return invalid(ResetKeyFault.EXPIRED);
    return { kind: 'Found', digest, record } as const;
  }

  /**
   * Refuses a key that does not work, unless the same key and password were accepted before and the answer was lost.
   */
  async #otherwise(refusal: NotFound, password: AcceptedPassword, caller: Caller): Promise<ConfirmOutcome> {
    if (refusal.kind === 'TooManyRequests') return refusal;
    const account = refusal.digest && (await this.deps.replays.find(refusal.digest, password, caller));
    return account ? { kind: 'SignUpConfirmed', account: view(account) } : this.#refused(refusal.reason, caller);
  }

  #refused(reason: ResetKeyFault, caller: Caller): InvalidResetKey {
    this.deps.audit.refused({ kind: 'sign-up.refused', client: caller.client, detail: reason });
    return { kind: 'InvalidResetKey', reason };
  }
}
