import type { Audit } from '../audit/audit.js';
import type { Caller } from '../calls/caller.js';
import { type TemporarilyUnavailable, withinDeadline } from '../calls/deadline.js';
import { from, type TooManyRequests } from '../calls/too-many-requests.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { QueueDefinition } from '../jobs/queue/definition.js';
import type { Log } from '../observability/log.js';
import type { CallerLimit } from '../rate-limit/caller-limit.js';
import { pass } from '../rate-limit/pass.js';
import { type Accounts, type AccountView, view } from './accounts.js';
import { type EmailAddress, parseEmailAddress } from './email-address.js';
import type { PasswordHash } from './passwords/password-hash.js';
import type { PasswordPolicy, PasswordRejected } from './passwords/password-policy.js';

/** The data of a sign-up's job. Each member is validated; there is no password and no key in it. */
export interface SignUpRequest {
  readonly email: EmailAddress;
  /** A language that mails are written in, or null. */
  readonly locale: string | null;
  readonly requestId: string;
  readonly client: string;
}
export const signUpRequests: QueueDefinition<SignUpRequest> = { name: 'sign-up-request' };

export type SignUpOutcome =
  | { readonly kind: 'SignUpRequested'; readonly keyLifetimeSeconds: number }
  | { readonly kind: 'SignedUp'; readonly account: AccountView }
  | { readonly kind: 'SignUpDisabled' }
  | { readonly kind: 'InvalidEmailAddress' }
  | { readonly kind: 'EmailAddressTaken' }
  | PasswordRejected
  | TooManyRequests
  | TemporarilyUnavailable;

export interface SignUpDeps {
  readonly accounts: Accounts;
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordHash: PasswordHash;
  readonly audit: Audit;
  readonly log: Log;
  readonly limits: { readonly signUp: CallerLimit; readonly hash: CallerLimit };
  readonly jobs: JobQueue;
  readonly keyLifetimeSeconds: number;
  /** `open` reveals who has an account and confirms no address: for development. `confirm` reveals nothing. */
  readonly mode: 'open' | 'confirm' | 'closed';
  /** The language of a tag (BCP 47) if there are mails in it, else null. */
  readonly knownLocale: (locale: string | null | undefined) => string | null;
}

/** Makes an account, or asks for a mail to confirm the address, as `SIGN_UP` says. */
export class SignUp {
  constructor(private readonly deps: SignUpDeps) {}

  /** A store that is away is the outcome `TemporarilyUnavailable`. */
  async signUp(
    input: { email: string; password: string; locale?: string | null },
    caller: Caller,
  ): Promise<SignUpOutcome> {
    const { accounts, passwordPolicy, passwordHash, audit, limits, log } = this.deps;
    if (this.deps.mode === 'closed') return { kind: 'SignUpDisabled' };
    const email = parseEmailAddress(input.email);
    if (!email) return { kind: 'InvalidEmailAddress' };
    const verdict = passwordPolicy.check(input.password, email);
    if (verdict.kind === 'PasswordRejected') return verdict;

    if (this.deps.mode === 'confirm') return this.#request(email, input.locale, caller);
    return withinDeadline(log, caller.requestId, async () => {
      const hashing = { urgency: 'other', caller } as const;
      passwordHash.expectRoom(hashing);
      const passed = await pass(caller, [limits.signUp, limits.hash]);
      if (passed.kind !== 'Passed') return passed;
      const fields = {
        email,
        passwordHash: await passwordHash.make(verdict.password, hashing),
        locale: this.deps.knownLocale(input.locale),
      };
      const account = await accounts.create(fields, (transaction, accountId) =>
        audit.record(transaction, { kind: 'account.signed-up', accountId, ...from(caller) }),
      );
      return account ? { kind: 'SignedUp', account: view(account) } : { kind: 'EmailAddressTaken' };
    });
  }

  /** Reads no account and makes no hash, so neither answer nor time tells whether the address has an account. */
  #request(email: EmailAddress, locale: string | null | undefined, caller: Caller): Promise<SignUpOutcome> {
    const { jobs, keyLifetimeSeconds, knownLocale, limits, log } = this.deps;
    return withinDeadline(log, caller.requestId, async () => {
      const passed = await pass(caller, [limits.signUp]);
      if (passed.kind !== 'Passed') return passed;
      const { requestId, client } = caller;
      await jobs.enqueue(signUpRequests, { email, locale: knownLocale(locale), requestId, client });
      return { kind: 'SignUpRequested', keyLifetimeSeconds };
    });
  }
}
