import type { Changed, Credential, CredentialWithHash } from '../accounts/accounts.js';
import { parseEmailAddress } from '../accounts/email-address.js';
import type { NewHash } from '../accounts/passwords/new-passwords.js';
import type { AcceptedPassword } from '../accounts/passwords/password-policy.js';
import { type DeviceOwner, Devices } from '../accounts/sessions/devices.js';
import { isSameCredential } from '../accounts/source/stamps.js';
import type { Caller } from '../calls/caller.js';
import { withinDeadline } from '../calls/deadline.js';
import { Unavailable } from '../calls/errors.js';
import { from } from '../calls/too-many-requests.js';
import { orReadBack } from '../calls/unavailable.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import { describeFault } from '../observability/log.js';
import { pass } from '../rate-limit/pass.js';
import { Delivery } from './delivery.js';
import type { PasswordResetDeps } from './deps.js';
import { hashCallOf } from './keys/replays.js';
import { digestOf, type KeyDigest, parseResetKey } from './keys/reset-key.js';
import {
  type Found,
  type InspectOutcome,
  invalid,
  type NotFound,
  type RequestOutcome,
  ResetKeyFault,
  type ResetOutcome,
} from './outcomes.js';
import { placeOf, type ResetRequest, type ResetRequestInput, requestClass, resetRequests } from './reset-requests.js';

/** No account has this version. */
const gone = { credentialVersion: 0, stamp: '' };

/**
 * The product: lets the owner of an account who lost the password set a new one, and nobody else. In the order of the
 * calls: `request` (API), `deliver` (worker), `inspect` and `reset` (API). A store that is away is an outcome
 * (`TemporarilyUnavailable`) of all but `deliver`.
 */
export class PasswordReset {
  readonly #delivery: Delivery;

  constructor(private readonly deps: PasswordResetDeps) {
    this.#delivery = new Delivery(deps);
  }

  /** Writes a job. Reads no account, so neither the answer nor its time tells whether the address has one. */
  async request(input: ResetRequestInput, caller: Caller): Promise<RequestOutcome> {
    const { accountMails, jobs, limits, log, settings } = this.deps;
    const email = parseEmailAddress(input.email);
    if (!email) return { kind: 'InvalidEmailAddress' };
    return withinDeadline(log, caller.requestId, async () => {
      const passed = await pass(caller, [limits.requests]);
      if (passed.kind !== 'Passed') return passed;
      const device = Devices.hasShape(input.device) ? input.device : null;
      const asked = { email, device, locale: accountMails.knownLocale(input.locale), ...placeOf(caller) };
      await jobs.enqueue(resetRequests, asked, requestClass(caller, passed.used));
      const { keyTtlSeconds: keyLifetimeSeconds, askAgainAfterSeconds } = settings;
      return { kind: 'PasswordResetRequested', keyLifetimeSeconds, askAgainAfterSeconds };
    });
  }

  /** In the worker: finds the account, makes a key and mails its link (delivery.ts). @throws Unavailable */
  deliver(job: Job<ResetRequest>): Promise<Settlement> {
    return this.#delivery.deliver(job);
  }

  /** Tells whether a key works and does not use it up, so that link scanners and reloads do no harm. */
  async inspect(key: string, caller: Caller): Promise<InspectOutcome> {
    const { accounts, log } = this.deps;
    return withinDeadline(log, caller.requestId, async () => {
      const found = await this.#lookUpKey(key, caller, (where) => accounts.find(where));
      if (found.kind !== 'Found') return found;
      return { kind: 'ResetKeyValid', expiresAt: found.record.expiresAt, email: found.account.email };
    });
  }

  /** Redeems a key: sets the password exactly once, or changes nothing. */
  async reset({ key, password }: { key: string; password: string }, caller: Caller): Promise<ResetOutcome> {
    const { accounts, log, passwordPolicy } = this.deps;
    const checked = passwordPolicy.check(password); // needs no store; a refusal does not use up the key
    if (checked.kind === 'PasswordRejected') return checked;
    return withinDeadline(log, caller.requestId, async () => {
      const found = await this.#lookUpKey(key, caller, (where) => accounts.findWithHash(where)); // read, never taken
      if (found.kind !== 'Found') return this.#repeatOrRefuse(found, checked.password, caller);
      const fitting = passwordPolicy.check(password, found.account.email);
      if (fitting.kind === 'PasswordRejected') return fitting;
      const hashed = await this.#hash(found, fitting.password, caller); // slow, so no connection is held
      if (hashed.kind === 'PasswordRejected' || hashed.kind === 'TooManyRequests') return hashed;
      const changed = hashed.kind === 'Made' && (await this.#commit(found, hashed.hash, caller));
      if (changed) return this.#completed(changed);
      // Another call was faster, or the key expired. If the key still works, the end of the commit is unclear.
      const meanwhile = await this.#lookUpKey(key, caller, (where) => accounts.find(where));
      if (meanwhile.kind === 'Found') throw new Unavailable('postgres');
      return this.#repeatOrRefuse(meanwhile, checked.password, caller);
    });
  }

  /** The key's record and owner if the key works now; otherwise the reason why not. */
  async #lookUpKey<Owner extends Credential>(
    text: string,
    caller: Caller,
    findOwner: (where: { id: string }) => Promise<Owner | undefined>,
  ): Promise<Found<Owner> | NotFound> {
    const { resetKeys, receipts } = this.deps;
    const key = parseResetKey(text);
    const digest = key && digestOf(key);
    const record = digest && (await resetKeys.lookUp(digest));
    if (!record) return this.#withoutRecord(digest, caller);
    const account = await findOwner({ id: record.accountId });
    if (account?.status !== 'active' || !resetKeys.isFor(record, account)) {
      return invalid((await receipts.find(digest)) ? ResetKeyFault.USED : ResetKeyFault.SUPERSEDED, digest);
    }
    if (record.expiresAt <= account.readAt) return invalid(ResetKeyFault.EXPIRED, digest);
    return { kind: 'Found', digest, record, account };
  }

  /** Counts the failure before it asks PostgreSQL for a receipt, so that guessed keys cost PostgreSQL nothing. */
  async #withoutRecord(digest: KeyDigest | undefined, caller: Caller): Promise<NotFound> {
    const { limits, receipts } = this.deps;
    const passed = await pass(caller, [limits.keyFailures]);
    if (passed.kind !== 'Passed') return passed;
    if (!digest || !(await receipts.find(digest))) return invalid(ResetKeyFault.UNKNOWN);
    await passed.succeeded();
    return invalid(ResetKeyFault.USED, digest);
  }

  /** A hash of the new password, unless it is the one that the account has already. */
  async #hash(
    { account, digest }: Found<CredentialWithHash>,
    password: AcceptedPassword,
    caller: Caller,
  ): Promise<NewHash> {
    const { accounts, audit, newPasswords } = this.deps;
    const { id } = account;
    const isWanted = async () => isSameCredential(account, (await accounts.find({ id })) ?? gone);
    const hashed = await newPasswords.hash(account, password, hashCallOf(digest, caller, id), isWanted);
    const same = { kind: 'reset.refused', client: caller.client, accountId: id, detail: 'SAME_AS_BEFORE' } as const;
    if (hashed.kind === 'PasswordRejected') audit.refused(same);
    return hashed;
  }

  /** One transaction; its COMMIT is the reset. @returns false when the guard of the account's row did not hold. */
  async #commit(
    { account, digest, record }: Found<CredentialWithHash>,
    hash: string,
    caller: Caller,
  ): Promise<Changed | false> {
    const { accounts, audit, changeNotices, credentialEvents, formShares, log, receipts } = this.deps;
    const { id: accountId, credentialVersion: fromVersion } = account;
    const commit = accounts.transaction(async (transaction) => {
      const changed = await accounts.replacePassword(transaction, account, hash, record.expiresAt);
      if (!changed) return false;
      await receipts.write(transaction, digest, { accountId, fromVersion });
      await audit.record(transaction, { kind: 'reset.completed', accountId, ...from(caller) });
      await changeNotices.enqueue(transaction, changed, 'password-reset');
      await credentialEvents.record(transaction, 'password.reset', accountId, changed.readAt);
      return changed;
    });
    // The salt is random, so this hash in the row means that this call committed; a receipt alone is from another call.
    const done = await orReadBack<Changed | false>(commit, async (error) => {
      log.warn({ accountId, fault: describeFault(error) }, 'the end of a reset is unclear; reading what was committed');
      const now = await accounts.findSettled(accountId);
      if (now?.passwordHash === hash) return now;
      return (await receipts.find(digest)) ? false : undefined;
    });
    if (done) void formShares.renewed(account.email, account.passwordHash);
    return done;
  }

  /**
   * Refuses a key that does not work, unless the same key and password were accepted before and the answer was lost.
   */
  async #repeatOrRefuse(found: NotFound, password: AcceptedPassword, caller: Caller): Promise<ResetOutcome> {
    const { audit, replays } = this.deps;
    if (found.kind !== 'InvalidResetKey') return found;
    const { reason, digest } = found;
    const owner = reason === ResetKeyFault.USED && digest && (await replays.find(digest, password, caller));
    if (owner) {
      await audit.note({ kind: 'reset.replayed', accountId: owner.id, ...from(caller) });
      return this.#completed(owner);
    }
    audit.refused({ kind: 'reset.refused', client: caller.client, detail: reason });
    return found;
  }

  #completed(owner: DeviceOwner): ResetOutcome {
    const { devices, settings } = this.deps;
    return { kind: 'PasswordResetCompleted', signInUrl: settings.signInUrl, device: devices.issue(owner) };
  }
}
