import type { TooManyRequests } from '../../calls/too-many-requests.js';
import type { RateLimiter } from '../../rate-limit/rate-limiter.js';
import type { AccountRow } from '../account.entity.js';
import type { HashCall } from './hashing/hash-limiter.js';
import type { PasswordHash } from './password-hash.js';
import { type AcceptedPassword, type PasswordRejected, PasswordRule } from './password-policy.js';

/** `NotWanted`: somebody was faster. */
export type NewHash =
  | { readonly kind: 'Made'; readonly hash: string }
  | { readonly kind: 'NotWanted' }
  | PasswordRejected
  | TooManyRequests;

/**
 * The last rule of the policy, which needs the stored hash: a new password is not the one that the account has now.
 *
 * Asked last and alone, of a password that every other rule passed, and in the same place of the limiter as the new hash
 * is made: whoever holds a key or a session and is not told of it has changed the password, so nobody can try passwords
 * by it.
 */
export class NewPasswords {
  /** @param perAccount how often it is told for one account. */
  constructor(
    private readonly passwordHash: Pick<PasswordHash, 'replace'>,
    private readonly perAccount: Pick<RateLimiter, 'take'>,
  ) {}

  /**
   * @param isWanted asked after a wait: whether the account's credential is still the one that was read.
   * @throws Unavailable when the limiter's queue is full; then nothing was compared.
   */
  async hash(
    account: { readonly id: string; readonly passwordHash: AccountRow['passwordHash'] },
    password: AcceptedPassword,
    call: HashCall,
    isWanted: () => Promise<boolean>,
  ): Promise<NewHash> {
    const replacement = await this.passwordHash.replace(account.passwordHash, password, call, isWanted);
    if (replacement.kind !== 'SameAsBefore') return replacement;
    const { allowed, retryAfterSeconds } = await this.perAccount.take(account.id);
    if (!allowed) return { kind: 'TooManyRequests', retryAfterSeconds };
    return { kind: 'PasswordRejected', violations: [{ rule: PasswordRule.SAME_AS_BEFORE }] };
  }
}
