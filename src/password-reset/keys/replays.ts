import type { Accounts, CredentialWithHash } from '../../accounts/accounts.js';
import type { HashCall } from '../../accounts/passwords/hashing/hash-limiter.js';
import type { PasswordHash } from '../../accounts/passwords/password-hash.js';
import type { AcceptedPassword } from '../../accounts/passwords/password-policy.js';
import type { Caller } from '../../calls/caller.js';
import type { KeyDigest } from './reset-key.js';
import type { ResetReceipts } from './reset-receipts.js';

export interface ReplaysDeps {
  readonly accounts: Accounts;
  readonly passwordHash: PasswordHash;
  readonly receipts: ResetReceipts;
}

/** Recognises the same call made again because its answer was lost: it gets success again and changes nothing. */
export class Replays {
  constructor(private readonly deps: ReplaysDeps) {}

  /**
   * Each replay is one try of a password, so it is counted before the password is verified: `ResetReceipts.takeReplay`.
   *
   * @returns the account, if this key set this password, which is still the current one, within 10 minutes and fewer
   * than three replays ago; else undefined.
   * @throws Unavailable when PostgreSQL is away or the hash limiter's queue is full.
   */
  async find(digest: KeyDigest, password: AcceptedPassword, caller: Caller): Promise<CredentialWithHash | undefined> {
    const { accounts, passwordHash, receipts } = this.deps;
    const receipt = await receipts.find(digest);
    if (!receipt || !(await receipts.takeReplay(digest))) return undefined;
    const account = await accounts.findWithHash({ id: receipt.accountId, status: 'active' });
    if (account?.credentialVersion !== receipt.fromVersion + 1 || !account.passwordHash) return undefined;
    const isTheirs = await passwordHash.verify(account.passwordHash, password, hashCallOf(digest, caller, account.id));
    return isTheirs ? account : undefined;
  }
}

/** For the hash limiter: calls that hold a key go before others, one at a time for each key. */
export function hashCallOf(digest: KeyDigest, caller: Caller, account?: string): HashCall {
  return { urgency: 'reset', caller, key: digest.toString('base64url'), ...(account ? { account } : {}) };
}
