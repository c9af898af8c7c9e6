import type { Audit } from '../audit/audit.js';
import { orReadBack, orTryLater, type TemporarilyUnavailable } from '../availability.js';
import type { Caller } from '../caller.js';
import type { JobQueue } from '../jobs/job-queue.js';
import { describeFault, type Log } from '../log.js';
import type { AccessTokens } from './access-token.js';
import { type Accounts, credentialNotices } from './accounts.js';
import { from, type TooManyRequests } from './limits.js';
import type { PasswordHash } from './password-hash.js';
import type { PasswordPolicy, PasswordRejected } from './password-policy.js';
import type { FormShares } from './passwords/form-shares.js';
import type { NewPasswords } from './passwords/new-passwords.js';
import type { Devices } from './sessions/devices.js';
import type { Sessions } from './sessions.js';
import type { SignInFailures } from './sign-in-failures.js';

export type ChangePasswordOutcome =
  | {
      readonly kind: 'password-changed';
      readonly accessToken: string;
      readonly expiresAt: Date;
      /** For the device to keep: see `Devices`. */
      readonly device: string;
    }
  | { readonly kind: 'invalid-credentials' | 'unauthenticated' }
  | PasswordRejected
  | TooManyRequests
  | TemporarilyUnavailable;

export interface ChangePasswordParts {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly accessTokens: AccessTokens;
  readonly devices: Devices;
  readonly passwordHash: PasswordHash;
  readonly newPasswords: NewPasswords;
  readonly formShares: FormShares;
  readonly passwordPolicy: PasswordPolicy;
  readonly signInFailures: SignInFailures;
  readonly jobs: JobQueue;
  readonly audit: Audit;
  readonly log: Log;
}

const unclear = 'the end of a password change is unclear; reading what was committed';

export class ChangePassword {
  constructor(private readonly parts: ChangePasswordParts) {}

  /** Guarded like a reset, and like it ends every other session and every outstanding reset key. */
  async changePassword(
    accessToken: string | undefined,
    input: { currentPassword: string; newPassword: string },
    caller: Caller,
  ): Promise<ChangePasswordOutcome> {
    const { accounts, sessions, passwordHash, newPasswords, passwordPolicy, signInFailures, audit, jobs, log } =
      this.parts;
    return orTryLater(log, caller.requestId, async () => {
      const hashing = { urgency: 'other', caller } as const;
      passwordHash.expectRoom(hashing);
      const owner = await sessions.authenticate(accessToken);
      if (!owner) return { kind: 'unauthenticated' };
      const verdict = passwordPolicy.check(input.newPassword, owner.email);
      if (verdict.kind === 'password-rejected') return verdict;
      const found = await signInFailures.attempt(owner.email, caller, 'owner', async () => {
        const row = await accounts.findWithHash({ id: owner.id });
        const legible = passwordPolicy.isLegible(input.currentPassword);
        const stored = row?.passwordHash;
        const opens = stored && legible && (await passwordHash.verify(stored, input.currentPassword, hashing));
        return { isWrong: !opens, account: row };
      });
      if ('kind' in found) return found;
      const { account } = found;
      if (!account || found.isWrong) {
        audit.refused({ kind: 'account.password-change-refused', accountId: owner.id, client: caller.client });
        return { kind: 'invalid-credentials' };
      }
      const { id: accountId, sessionVersion: readVersion } = account;
      const isStill = { id: accountId, sessionVersion: readVersion };
      const isWanted = async () => (await accounts.find(isStill)) !== undefined;
      const made = await newPasswords.hash(account, verdict.password, { ...hashing, account: accountId }, isWanted);
      if (made.kind === 'not-wanted') return { kind: 'unauthenticated' };
      if (made.kind !== 'made') return made;
      const { hash } = made;
      const change = accounts.transaction(async (transaction) => {
        const at = await accounts.replacePassword(transaction, account, hash);
        if (!at) return undefined;
        await audit.record(transaction, { kind: 'account.password-changed', accountId, ...from(caller) });
        await jobs.enqueueWithin(transaction, credentialNotices, {
          accountId,
          change: 'password-change',
          changedAt: at.toISOString(),
        });
        return at;
      });
      const changedAt = await orReadBack<Date | undefined>(change, async (error) => {
        log.warn({ accountId, fault: describeFault(error) }, unclear);
        // Without this, whoever tries again would hear that the current password is wrong.
        const now = await accounts.findSettled(accountId);
        return now?.passwordHash === hash ? now.credentialsChangedAt : undefined;
      });
      if (!changedAt) return { kind: 'unauthenticated' };
      void this.parts.formShares.renewed(account.email, account.passwordHash);
      const sessionVersion = account.sessionVersion + 1;
      const session = await this.parts.accessTokens.issue({ accountId, sessionVersion }, changedAt);
      const changed = { id: accountId, credentialVersion: account.credentialVersion + 1, readAt: changedAt };
      return { kind: 'password-changed', ...session, device: this.parts.devices.issue(changed) };
    });
  }
}
