import type { Audit } from '../audit/audit.js';
import type { Caller } from '../calls/caller.js';
import { type TemporarilyUnavailable, withinDeadline } from '../calls/deadline.js';
import { from, type TooManyRequests } from '../calls/too-many-requests.js';
import { orReadBack } from '../calls/unavailable.js';
import { describeFault, type Log } from '../observability/log.js';
import type { Accounts, Changed, Credential, CredentialWithHash } from './accounts.js';
import type { ChangeNotices } from './change-notices.js';
import type { CredentialEvents } from './credential-events.js';
import type { FormShares } from './passwords/forms/shares.js';
import type { NewPasswords } from './passwords/new-passwords.js';
import type { PasswordHash } from './passwords/password-hash.js';
import type { PasswordPolicy, PasswordRejected } from './passwords/password-policy.js';
import type { Devices } from './sessions/devices.js';
import type { OwnerLimits } from './sessions/owner-limits.js';
import type { Sessions } from './sessions/sessions.js';
import type { SignInFailures } from './sessions/sign-in-failures.js';
import { isSameCredential } from './source/stamps.js';

export type ChangePasswordOutcome =
  | {
      readonly kind: 'PasswordChanged';
      readonly accessToken: string;
      readonly expiresAt: Date;
      /** A new device token, because the change ended the old one: see `Devices`. */
      readonly device: string;
    }
  | { readonly kind: 'InvalidCredentials' }
  | { readonly kind: 'Unauthenticated' }
  | { readonly kind: 'SignInDisabled' }
  | PasswordRejected
  | TooManyRequests
  | TemporarilyUnavailable;

export interface ChangePasswordDeps {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly devices: Devices;
  readonly passwordHash: PasswordHash;
  readonly newPasswords: NewPasswords;
  readonly formShares: FormShares;
  readonly passwordPolicy: PasswordPolicy;
  readonly signInFailures: SignInFailures;
  readonly ownerLimits: OwnerLimits;
  readonly changeNotices: ChangeNotices;
  readonly credentialEvents: CredentialEvents;
  readonly audit: Audit;
  readonly log: Log;
}

const unclear = 'the end of a password change is unclear; reading what was committed';

/** Sets a new password for somebody who is signed in and knows the current one. */
export class ChangePassword {
  constructor(private readonly deps: ChangePasswordDeps) {}

  /**
   * Changes the row behind the same guard as a reset, and like a reset ends every other session and every outstanding
   * reset key. A store that is away is the outcome `TemporarilyUnavailable`.
   */
  async changePassword(
    accessToken: string | undefined,
    input: { currentPassword: string; newPassword: string },
    caller: Caller,
  ): Promise<ChangePasswordOutcome> {
    const { accounts, sessions, passwordHash, newPasswords, passwordPolicy, signInFailures, ownerLimits, audit, log } =
      this.deps;
    if (!sessions.isOn) return { kind: 'SignInDisabled' };
    return withinDeadline(log, caller.requestId, async () => {
      const hashing = { urgency: 'other', caller } as const;
      passwordHash.expectRoom(hashing);
      const owner = await sessions.authenticate(accessToken);
      if (!owner) return { kind: 'Unauthenticated' };
      const verdict = passwordPolicy.check(input.newPassword, owner.email);
      if (verdict.kind === 'PasswordRejected') return verdict;
      const found = await signInFailures.attemptOfOwner(caller, () => this.#verify(owner, input, caller));
      if ('kind' in found) return found;
      const { account } = found;
      if (found.hasEnded) return { kind: 'Unauthenticated' };
      if (!account || found.isWrong) {
        audit.refused({ kind: 'account.password-change-refused', accountId: owner.id, client: caller.client });
        return { kind: 'InvalidCredentials' };
      }
      const counted = await ownerLimits.change(owner);
      if (counted.kind !== 'counted') return counted;
      let changed: ChangePasswordOutcome | undefined;
      try {
        // The version of the session that asks; the row's own may have risen since, which must stop the change.
        const mine = { ...account, sessionVersion: owner.sessionVersion };
        const isWanted = async () => {
          const now = await accounts.find({ id: owner.id, sessionVersion: owner.sessionVersion });
          return now !== undefined && isSameCredential(now, mine);
        };
        const made = await newPasswords.hash(mine, verdict.password, { ...hashing, account: owner.id }, isWanted);
        if (made.kind === 'NotWanted') return { kind: 'Unauthenticated' };
        if (made.kind !== 'Made') return made;
        changed = await this.#replace(mine, made.hash, caller);
      } finally {
        if (!changed) await counted.undo();
      }
      return changed ?? { kind: 'Unauthenticated' };
    });
  }

  /** Counts and makes one try of the current password. Ten wrong ones end the session. */
  async #verify(owner: Credential, { currentPassword }: { currentPassword: string }, caller: Caller) {
    const { accounts, ownerLimits, passwordHash, passwordPolicy } = this.deps;
    const tried = await ownerLimits.tryPassword(owner, caller);
    if (!tried) return { isWrong: true, hasEnded: true };
    let isOver = false;
    try {
      const account = await accounts.findWithHash({ id: owner.id });
      const stored = account?.passwordHash;
      const couldBe = passwordPolicy.couldBePassword(currentPassword);
      const opens =
        stored && couldBe && (await passwordHash.verify(stored, currentPassword, { urgency: 'other', caller }));
      isOver = !opens;
      return { isWrong: !opens, hasEnded: false, account };
    } finally {
      await (isOver ? tried.wrong() : tried.right());
    }
  }

  /** @returns undefined when the session ended, or the password was changed, in the meantime. */
  async #replace(
    account: CredentialWithHash,
    hash: string,
    caller: Caller,
  ): Promise<ChangePasswordOutcome | undefined> {
    const { accounts, sessions, changeNotices, credentialEvents, devices, audit, log } = this.deps;
    const { id: accountId } = account;
    const change = accounts.transaction(async (transaction) => {
      const changed = await accounts.replacePassword(transaction, account, hash, undefined, account.sessionVersion);
      if (!changed) return undefined;
      await audit.record(transaction, { kind: 'account.password-changed', accountId, ...from(caller) });
      await changeNotices.enqueue(transaction, changed, 'password-change');
      await credentialEvents.record(transaction, 'password.changed', accountId, changed.readAt);
      return changed;
    });
    const changed = await orReadBack<Changed | undefined>(change, async (error) => {
      log.warn({ accountId, fault: describeFault(error) }, unclear);
      // Without this, the client would try again and be told that the current password is wrong.
      const now = await accounts.findSettled(accountId);
      return now?.passwordHash === hash ? { ...now, readAt: now.credentialsChangedAt ?? now.readAt } : undefined;
    });
    if (!changed) return undefined;
    void this.deps.formShares.renewed(account.email, account.passwordHash);
    return { kind: 'PasswordChanged', ...(await sessions.issue(changed)), device: devices.issue(changed) };
  }
}
