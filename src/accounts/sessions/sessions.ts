import type { Audit } from '../../audit/audit.js';
import type { Caller } from '../../calls/caller.js';
import { type TemporarilyUnavailable, withinDeadline } from '../../calls/deadline.js';
import { from, type TooManyRequests } from '../../calls/too-many-requests.js';
import { orReadBack } from '../../calls/unavailable.js';
import { describeFault, type Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import {
  type Accounts,
  type AccountView,
  type Changed,
  type Credential,
  type CredentialWithHash,
  view,
} from '../accounts.js';
import type { CredentialEvents } from '../credential-events.js';
import { type EmailAddress, parseEmailAddress } from '../email-address.js';
import { formOf } from '../passwords/forms/imported-hash.js';
import { dummyOf } from '../passwords/forms/names.js';
import type { FormShares } from '../passwords/forms/shares.js';
import { unreadableKind } from '../passwords/forms/unreadable.js';
import type { PasswordHash } from '../passwords/password-hash.js';
import type { PasswordPolicy } from '../passwords/password-policy.js';
import type { Stamps } from '../source/stamps.js';
import type { AccessTokens } from './access-token.js';
import type { Devices } from './devices.js';
import type { Finding, MayOpen, SignInFailures } from './sign-in-failures.js';

export type SignInOutcome =
  | {
      readonly kind: 'SignedIn';
      readonly account: AccountView;
      readonly accessToken: string;
      readonly expiresAt: Date;
      /** A device token: see `Devices`. */
      readonly device: string;
    }
  | { readonly kind: 'InvalidCredentials' }
  | { readonly kind: 'SignInDisabled' }
  | TooManyRequests
  | TemporarilyUnavailable;
export type SignOutEverywhereOutcome =
  | { readonly kind: 'SignedOutEverywhere'; readonly at: Date }
  | { readonly kind: 'Unauthenticated' }
  | { readonly kind: 'SignInDisabled' }
  | TemporarilyUnavailable;

export interface SessionsDeps {
  readonly accounts: Accounts;
  readonly accessTokens: AccessTokens;
  readonly stamps: Stamps;
  readonly devices: Devices;
  readonly passwordHash: PasswordHash;
  readonly formShares: FormShares;
  readonly passwordPolicy: PasswordPolicy;
  readonly signInFailures: SignInFailures;
  readonly audit: Audit;
  readonly credentialEvents: CredentialEvents;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'unreadableHash'>;
  /** False: nobody signs in here, and no token opens anything. */
  readonly signInIsOn: boolean;
}

interface Opened extends Finding {
  readonly account?: CredentialWithHash | undefined;
}

/**
 * Signs in, finds the account of a token, and signs out everywhere. A session is a token that carries the account's
 * session version.
 */
export class Sessions {
  readonly #renewing = new Set<Promise<void>>();

  constructor(private readonly deps: SessionsDeps) {}

  get isOn(): boolean {
    return this.deps.signInIsOn;
  }

  /** A store that is away, or a full hash queue, is the outcome `TemporarilyUnavailable`. */
  async signIn(
    input: { email: string; password: string; device?: string | null },
    caller: Caller,
  ): Promise<SignInOutcome> {
    const { passwordHash, signInFailures, audit, log } = this.deps;
    if (!this.deps.signInIsOn) return { kind: 'SignInDisabled' };
    const email = parseEmailAddress(input.email);

    return withinDeadline(log, caller.requestId, async () => {
      passwordHash.expectRoom({ urgency: 'other', caller });
      const tried = { address: email ?? 'none', device: input.device };
      const found = await signInFailures.attempt(tried, caller, (mayOpen) =>
        this.#open(email, input.password, { caller, mayOpen }),
      );
      if ('kind' in found) return found;
      const { account } = found;
      if (!account || found.isWrong) {
        audit.refused({ kind: 'account.sign-in-refused', accountId: account?.id, client: caller.client });
        return { kind: 'InvalidCredentials' };
      }
      const { id: accountId } = account;
      const session = await this.issue(account);
      if (passwordHash.isOutdated(account.passwordHash, input.password)) {
        const renewing = this.#renewHash(account, input.password, caller);
        this.#renewing.add(renewing);
        void renewing.finally(() => this.#renewing.delete(renewing));
      }
      await audit.note({ kind: 'account.signed-in', accountId, ...from(caller) });
      return { kind: 'SignedIn', account: view(account), ...session, device: this.deps.devices.issue(account) };
    });
  }

  /**
   * Verifies a password. Where there is no active account with a readable hash, it verifies a dummy in the form that
   * `FormShares` deals to the address: after the same reads, in the same lane, in the same time as for an account.
   */
  async #open(
    email: EmailAddress | undefined,
    password: string,
    { caller, mayOpen }: { caller: Caller; mayOpen: MayOpen },
  ): Promise<Opened> {
    const { accounts, passwordHash, formShares, passwordPolicy, metrics } = this.deps;
    const couldBe = passwordPolicy.couldBePassword(password);
    const form = await formShares.dealtTo(email ?? '');
    const account = await accounts.findToOpen(email ?? '');
    const isWithinLimit = await mayOpen(account);
    const isReadable = account?.status === 'active' && formOf(account.passwordHash) !== undefined;
    const lacksPepper = passwordHash.lacksPepper(account?.passwordHash);
    if (account?.status === 'active' && (!isReadable || lacksPepper)) {
      const kind = lacksPepper ? 'pepper' : unreadableKind(account.passwordHash);
      if (kind) metrics.unreadableHash(kind);
    }
    const hash = isReadable ? account.passwordHash : dummyOf(form);
    const matches = await passwordHash.verify(hash, couldBe ? password : '', { urgency: 'other', caller });
    const opens = matches && isReadable && couldBe;
    return { isWrong: !opens || !isWithinLimit, account };
  }

  /** An access token of this account, from now on (`readAt`). */
  issue(account: Changed): Promise<{ accessToken: string; expiresAt: Date }> {
    const { id: accountId, sessionVersion, readAt } = account;
    const mark = this.deps.stamps.forToken(account);
    return this.deps.accessTokens.issue({ accountId, sessionVersion, mark }, readAt);
  }

  /**
   * The account of an access token; undefined when the token is missing, invalid, expired or revoked.
   *
   * @throws Unavailable
   */
  async authenticate(accessToken: string | undefined): Promise<Credential | undefined> {
    const { accessTokens, accounts, signInIsOn, stamps } = this.deps;
    if (accessToken === undefined || !signInIsOn) return undefined;
    const claims = await accessTokens.verify(accessToken);
    if (!claims) return undefined;
    const { accountId: id, sessionVersion, expiresAt, mark } = claims;
    const account = await accounts.find({ id, sessionVersion, status: 'active' });
    return account && expiresAt > account.readAt && stamps.isOfToken(mark, account) ? account : undefined;
  }

  async signOutEverywhere(accessToken: string | undefined, caller: Caller): Promise<SignOutEverywhereOutcome> {
    const { accounts, audit, credentialEvents, log } = this.deps;
    if (!this.deps.signInIsOn) return { kind: 'SignInDisabled' };
    return withinDeadline(log, caller.requestId, async () => {
      const account = await this.authenticate(accessToken);
      if (!account) return { kind: 'Unauthenticated' };
      const end = accounts.transaction(async (transaction) => {
        const ended = await accounts.endSessions(transaction, account);
        const event = { kind: 'account.signed-out-everywhere', accountId: account.id, ...from(caller) } as const;
        if (!ended) return undefined;
        await audit.record(transaction, event);
        await credentialEvents.record(transaction, 'sessions.ended', account.id, ended);
        return ended;
      });
      const at = await orReadBack(end, async (error) => {
        log.warn(
          { accountId: account.id, fault: describeFault(error) },
          'the end of a sign-out is unclear; reading it',
        );
        const now = await accounts.findSettled(account.id);
        // No matter which call raised the version: this session and all earlier ones have ended.
        return now && now.sessionVersion > account.sessionVersion ? now.readAt : undefined;
      });
      return at ? { kind: 'SignedOutEverywhere', at } : { kind: 'Unauthenticated' };
    });
  }

  /** Resolves once no hash is being renewed; a process waits for it before it ends. Never rejects. */
  async settled(): Promise<void> {
    await Promise.all(this.#renewing);
  }

  /** Not awaited by the sign-in, so that its time does not tell that the hash was old. Never rejects. */
  async #renewHash(account: CredentialWithHash, password: string, caller: Caller): Promise<void> {
    const { accounts, passwordHash, formShares, log } = this.deps;
    try {
      const made = await passwordHash.make(password, { urgency: 'other', caller });
      const isRenewed = await accounts.renewHash(account, made);
      if (isRenewed) await formShares.renewed(account.email, account.passwordHash);
    } catch (error) {
      log.warn(
        { accountId: account.id, fault: describeFault(error) },
        'a hash could not be renewed; the next sign-in tries again',
      );
    }
  }
}
