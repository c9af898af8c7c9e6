import type { Cluster, Redis } from 'ioredis';
import { type AccountMails, type MailJob, type PlaceUse, settlementOf } from '../accounts/account-mails.js';
import type { Accounts } from '../accounts/accounts.js';
import { type EmailAddress, parseEmailAddress } from '../accounts/email-address.js';
import { type SignUpRequest, signUpRequests } from '../accounts/sign-up.js';
import type { Audit } from '../audit/audit.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { JobOutcome } from '../jobs/outcomes.js';
import { mintResetKey } from '../password-reset/keys/reset-key.js';
import { countOnce } from '../rate-limit/count-once.js';
import type { RateLimiter } from '../rate-limit/rate-limiter.js';
import type { Pseudonyms } from '../secrets/pseudonyms.js';
import { type SignUpKeys, signUpDigestOf } from './sign-up-keys.js';
import type { SignUpMails } from './sign-up-mails.js';

type SignUpEnd = Extract<JobOutcome, 'sent' | 'told-registered' | 'suppressed' | 'expired' | 'no-recipient'>;

export interface SignUpDeliveryDeps {
  readonly settings: {
    readonly keyTtlSeconds: number;
    readonly keyTtlMaxSeconds: number;
    readonly requestDeadlineSeconds: number;
  };
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly keys: SignUpKeys;
  readonly accountMails: AccountMails;
  readonly mails: SignUpMails;
  readonly mailsPerAddress: RateLimiter;
  readonly pseudonyms: Pseudonyms;
  readonly redis: Redis | Cluster;
}

/**
 * What the worker does with a sign-up: it sends one mail, counted on one budget, whether the address is free or taken.
 * A free address gets a link with a key; an address with an account is told so, without a key. A job that ends without
 * a mail holds its place as long as a mail would.
 */
export class SignUpDelivery {
  constructor(private readonly deps: SignUpDeliveryDeps) {}

  deliver(job: Job<SignUpRequest>): Promise<Settlement> {
    const { accountMails, mails } = this.deps;
    const like = (same: Pick<MailJob, 'id'>) => mails.likeALink(same);
    return accountMails.inPlace(signUpRequests, job, like, (placed, use) => this.#deliver(placed, use));
  }

  async #deliver(job: Job<SignUpRequest> & MailJob, use: PlaceUse): Promise<Settlement> {
    const { accounts, keys, mails, settings } = this.deps;
    const email = parseEmailAddress(String(job.data.email));
    if (!email) return { settle: 'dead', reason: 'broken-data' };
    const account = await accounts.find({ email });
    const age = job.startedAt.getTime() - job.createdAt.getTime();
    if (age > settings.requestDeadlineSeconds * 1000) return this.#finish(job, 'expired');
    const granted = await this.#take(job, email);
    if (granted === undefined) return this.#finish(job, 'suppressed');

    const key = mintResetKey();
    const digest = signUpDigestOf(key);
    const lifetimeSeconds = Math.min(settings.keyTtlMaxSeconds, Math.max(settings.keyTtlSeconds, granted));
    const expiresAt = new Date(job.startedAt.getTime() + lifetimeSeconds * 1000);
    const { locale } = job.data;
    // One call to Redis in both cases, so that the time does not tell which it was.
    if (account) await keys.lookUp(digest);
    else await keys.remember(digest, { email, locale, expiresAt }, lifetimeSeconds);
    use.isUsed = true;
    const failure = account
      ? await mails.sendAlreadyRegistered(account, locale, job)
      : await mails.sendLink(email, key, { expiresAt, lifetimeSeconds, locale, job });
    if (!failure) return this.#finish(job, account ? 'told-registered' : 'sent');
    // No dead letter: strangers choose the address, and could fill the queue with dead letters.
    return failure.fault === 'recipient' ? this.#finish(job, 'no-recipient') : settlementOf(failure);
  }

  /** The audit trail only counts these ends, because strangers can cause any number of them. */
  #finish(job: Job<SignUpRequest>, outcome: SignUpEnd): Settlement {
    this.deps.audit.refused({ kind: `sign-up.${outcome}`, client: job.data.client });
    return { settle: 'done', outcome };
  }

  /**
   * Counts a job once, in however many attempts.
   *
   * @returns seconds until the budget refills if this is the last mail that it allows, else 0: the key of the last mail
   * lives until then, so that strangers cannot keep somebody out. Undefined when the budget is used up.
   * @throws Unavailable when Redis or the data key is away.
   */
  async #take({ id }: Job<SignUpRequest>, email: EmailAddress): Promise<number | undefined> {
    const { mailsPerAddress, pseudonyms, redis, settings } = this.deps;
    const once = { mark: `sign-up-counted:${id}`, seconds: settings.requestDeadlineSeconds };
    // The address without its tag: `a+1@…` and `a+2@…` are one mailbox nearly everywhere.
    const name = pseudonyms.of(`sign-up ${email.replace(/\+[^@]*@/, '@')}`);
    const take = async () => {
      const { allowed, refillsInSeconds } = await mailsPerAddress.take(name);
      return allowed ? refillsInSeconds : undefined;
    };
    return countOnce(redis, once, take, async () => (await mailsPerAddress.look(name)).refillsInSeconds);
  }
}
