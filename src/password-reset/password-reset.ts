import type { AccountRow } from '../accounts/account.entity.js';
import { type Credential, type CredentialNotice, credentialNotices } from '../accounts/accounts.js';
import { parseEmailAddress } from '../accounts/email-address.js';
import type { AcceptedPassword } from '../accounts/passwords/password-policy.js';
import { type DeviceOwner, Devices } from '../accounts/sessions/devices.js';
import type { Caller } from '../calls/caller.js';
import { withinDeadline } from '../calls/deadline.js';
import { Unavailable } from '../calls/errors.js';
import { from, type TooManyRequests } from '../calls/too-many-requests.js';
import { orReadBack } from '../calls/unavailable.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import { describeFault } from '../observability/log.js';
import { pass } from '../rate-limit/pass.js';
import { announceChange } from './announce.js';
import { Delivery } from './delivery.js';
import {
  type InspectOutcome,
  type InvalidResetKey,
  invalid,
  type RequestOutcome,
  ResetKeyFault,
  type ResetOutcome,
  type ResetRequest,
  resetRequests,
} from './outcomes.js';
import type { PasswordResetParts } from './parts.js';
import { requestClass } from './request-class.js';
import { digestOf, type KeyDigest, parseResetKey } from './reset-key.js';

/**
 * The product: how somebody who lost a password gets back in, and nobody else does. In the order of the story:
 * `request` (API), `deliver` (worker), `inspect` and `reset` (API), `announce` (worker).
 */
export class PasswordReset {
  readonly #delivery: Delivery;

  constructor(private readonly parts: PasswordResetParts) {
    this.#delivery = new Delivery(parts);
  }

  /** Takes note that somebody asked. Reads no account, so that there is nothing to be told apart, by answer or by time. */
  async request(
    input: { email: string; locale?: string | null; device?: string | null },
    caller: Caller,
  ): Promise<RequestOutcome> {
    const { jobs, limits, mails, settings, log } = this.parts;
    const email = parseEmailAddress(input.email);
    if (!email) return { kind: 'invalid-email-address' };
    return withinDeadline(log, caller.requestId, async () => {
      const passed = await pass(caller, [limits.requests]);
      if (passed.kind !== 'passed') return passed;
      const { requestId, client, networks } = caller;
      const device = Devices.hasShape(input.device) ? input.device : null;
      // A /24, or a /48: somebody may easily have several of what is narrower, and a /32 is a whole provider.
      const network = networks[1] ?? networks[0] ?? '';
      const locale = mails.knownLocale(input.locale);
      const data = { email, locale, requestId, client, network, device };
      await jobs.enqueue(resetRequests, data, requestClass(caller, passed.used));
      const { keyTtlSeconds: keyLifetimeSeconds, askAgainAfterSeconds } = settings;
      return { kind: 'requested', keyLifetimeSeconds, askAgainAfterSeconds };
    });
  }

  /** Works on one request in the worker: see delivery.ts. */
  deliver(job: Job<ResetRequest>): Promise<Settlement> {
    return this.#delivery.deliver(job);
  }

  /** Looks at a key and changes nothing: link scanners and reloads cost nobody a key. */
  async inspect(keyText: string, caller: Caller): Promise<InspectOutcome> {
    return withinDeadline(this.parts.log, caller.requestId, async () => {
      const found = await this.#find(keyText, caller);
      return found.kind === 'found' ? { kind: 'valid', expiresAt: found.record.expiresAt } : found;
    });
  }

  /** Redeems a key: sets the password, exactly once, or leaves everything as it was. */
  async reset(input: { key: string; password: string }, caller: Caller): Promise<ResetOutcome> {
    const { accounts, newPasswords, passwordPolicy, audit, jobs, receipts, log } = this.parts;
    // 1. What can be refused without a store. A refusal of the password leaves the key alive.
    const verdict = passwordPolicy.check(input.password);
    if (verdict.kind === 'password-rejected') return verdict;
    return withinDeadline(log, caller.requestId, async () => {
      // 2., 3. The record is read, never taken: what stops here has burned nothing.
      const found = await this.#find(input.key, caller, 'with its hash');
      if (found.kind !== 'found') return this.#otherwise(found, verdict.password, caller);
      const { digest, record, account } = found;
      const verdictForAccount = passwordPolicy.check(input.password, account.email);
      if (verdictForAccount.kind === 'password-rejected') return verdictForAccount;
      // 4. The slow part, with no database connection held. A password that the account has already burns no key either.
      const hashing = { urgency: 'reset', caller, key: digest.toString('base64url'), account: account.id } as const;
      const current = { id: account.id, passwordHash: account.passwordHash };
      const isWanted = async () => {
        return (await accounts.find({ id: account.id }))?.credentialVersion === account.credentialVersion;
      };
      const made = await newPasswords.hash(current, verdict.password, hashing, isWanted);
      if (made.kind === 'not-wanted') return this.#tooLate(input.key, verdict.password, caller);
      if (made.kind === 'password-rejected') {
        audit.refused({
          kind: 'reset.refused',
          client: caller.client,
          accountId: account.id,
          detail: 'SAME_AS_BEFORE',
        });
      }
      if (made.kind !== 'made') return made;
      const { hash } = made;
      // 5. One transaction; its COMMIT is the reset.
      const commit = accounts.transaction(async (transaction) => {
        const changedAt = await accounts.replacePassword(transaction, account, hash, record.expiresAt);
        if (!changedAt) return false;
        await receipts.write(transaction, digest, { accountId: account.id, fromVersion: account.credentialVersion });
        await audit.record(transaction, { kind: 'reset.completed', accountId: account.id, ...from(caller) });
        const notice = { accountId: account.id, change: 'password-reset', changedAt: changedAt.toISOString() } as const;
        await jobs.enqueueOrRenewWithin(transaction, credentialNotices, { accountId: account.id }, notice);
        return true;
      });
      const committed = await orReadBack(commit, (error) => this.#readBack(digest, account.id, hash, error));
      if (committed) {
        void this.parts.formShares.renewed(account.email, account.passwordHash);
        return this.#completed({ ...account, credentialVersion: account.credentialVersion + 1 });
      }
      return this.#tooLate(input.key, verdict.password, caller);
    });
  }

  /** Tells the owner of a change that was made, with a way to object. */
  announce(job: Job<CredentialNotice>): Promise<Settlement> {
    return announceChange(this.parts, job);
  }

  /** A key with its record and its account, if it is good now; otherwise why not. */
  async #find(keyText: string, caller: Caller, how: 'with its hash' | 'without' = 'without') {
    const { accounts, resetKeys, receipts, limits } = this.parts;
    const key = parseResetKey(keyText);
    const digest = key && digestOf(key);
    const record = digest && (await resetKeys.lookUp(digest));
    if (!record) {
      // Counted before PostgreSQL is asked, so that who only guesses costs it nothing.
      const passed = await pass(caller, [limits.keyFailures]);
      if (passed.kind !== 'passed') return passed;
      const unknown = { kind: 'invalid-reset-key', reason: ResetKeyFault.UNKNOWN } as const;
      if (!digest || !(await receipts.find(digest))) return unknown;
      await passed.succeeded();
      return invalid(ResetKeyFault.USED, digest);
    }
    const where = { id: record.accountId };
    const account: (Credential & Partial<AccountRow>) | undefined =
      how === 'without' ? await accounts.find(where) : await accounts.findWithHash(where);
    if (account?.status === 'active' && account.credentialVersion === record.credentialVersion) {
      const isInTime = record.expiresAt > account.readAt;
      return isInTime ? ({ kind: 'found', digest, record, account } as const) : invalid(ResetKeyFault.EXPIRED, digest);
    }
    return invalid((await receipts.find(digest)) ? ResetKeyFault.USED : ResetKeyFault.SUPERSEDED, digest);
  }

  /**
   * The outcome of a COMMIT is unknown: what stands in the database, read on a new connection, tells. The hash, with its
   * random salt, is this call's or not; a receipt without it is that of another call with the same key.
   */
  async #readBack(digest: KeyDigest, accountId: string, hash: string, error: unknown): Promise<boolean | undefined> {
    const { accounts, receipts, log } = this.parts;
    log.warn({ accountId, fault: describeFault(error) }, 'the end of a reset is unclear; reading what was committed');
    if ((await accounts.findSettled(accountId))?.passwordHash === hash) return true;
    return (await receipts.find(digest)) ? false : undefined;
  }

  /** 7. Somebody else was faster, or the time ran out meanwhile. */
  async #tooLate(key: string, password: AcceptedPassword, caller: Caller): Promise<ResetOutcome> {
    const now = await this.#find(key, caller);
    if (now.kind === 'found') throw new Unavailable('postgres');
    return this.#otherwise(now, password, caller);
  }

  /** A key that is not good: refused, unless the same key and password were accepted before and the answer was lost. */
  async #otherwise(
    refusal: TooManyRequests | (InvalidResetKey & { readonly digest?: KeyDigest }),
    password: AcceptedPassword,
    caller: Caller,
  ): Promise<ResetOutcome> {
    const { audit } = this.parts;
    const reason = refusal.kind === 'invalid-reset-key' ? refusal.reason : 'LIMITED';
    if (reason === ResetKeyFault.USED && refusal.kind === 'invalid-reset-key' && refusal.digest) {
      const account = await this.#replay(refusal.digest, password, caller);
      if (account) {
        await audit.note({ kind: 'reset.replayed', accountId: account.id, ...from(caller) });
        return this.#completed(account);
      }
    }
    if (reason !== 'LIMITED') audit.refused({ kind: 'reset.refused', client: caller.client, detail: reason });
    return refusal;
  }

  /** @returns the account, if this key and this password were its last reset, not long ago. */
  async #replay(digest: KeyDigest, password: AcceptedPassword, caller: Caller): Promise<DeviceOwner | undefined> {
    const { accounts, receipts, passwordHash } = this.parts;
    const receipt = await receipts.find(digest);
    if (!receipt || !(await receipts.takeReplay(digest))) return undefined;
    const account = await accounts.findWithHash({ id: receipt.accountId, status: 'active' });
    if (account?.credentialVersion !== receipt.fromVersion + 1 || !account.passwordHash) return undefined;
    const hashing = { urgency: 'reset', caller, key: digest.toString('base64url'), account: account.id } as const;
    return (await passwordHash.verify(account.passwordHash, password, hashing)) ? account : undefined;
  }

  #completed(account: DeviceOwner): ResetOutcome {
    const { devices, settings } = this.parts;
    return { kind: 'completed', signInUrl: settings.signInUrl, device: devices.issue(account) };
  }
}
