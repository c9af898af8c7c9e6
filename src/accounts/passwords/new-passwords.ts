import type { TooManyRequests } from '../../calls/too-many-requests.js';
import type { RateLimiter } from '../../rate-limit/rate-limiter.js';
import type { HashCall } from './hashing/hash-limiter.js';
import type { PasswordHash } from './password-hash.js';
import { type AcceptedPassword, type PasswordRejected, PasswordRule } from './password-policy.js';

/** `NotWanted`: the credential was changed while the call waited. */
export type NewHash =
  | { readonly kind: 'Made'; readonly hash: string }
  | { readonly kind: 'NotWanted' }
  | PasswordRejected
  | TooManyRequests;

/**
 * The last rule of the policy, which needs the stored hash: a new password is not the one that the account has now.
 *
 * Checked last, for a password that every other rule allows, and in the same place of the limiter in which the new
 * hash is made. So a caller with a key or a session either learns that the password is the current one, or changes it:
 * nobody can use this rule to guess passwords.
 */
export class NewPasswords {
  /** @param perAccount limits how often an account's callers are told that a password is the current one. */
  constructor(
    private readonly passwordHash: Pick<PasswordHash, 'replace'>,
    private readonly perAccount: Pick<RateLimiter, 'take'>,
  ) {}

  /**
   * @param isWanted asked after a wait: whether the account still has the credential that was read.
   * @throws Unavailable when the limiter's queue is full; then nothing was compared.
   */
  async hash(
    account: { readonly id: string; readonly passwordHash: string | null },
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
