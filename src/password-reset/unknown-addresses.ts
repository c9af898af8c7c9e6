import type { Cluster, Redis } from 'ioredis';
import type { MailJob } from '../accounts/account-mails.js';
import type { EmailAddress } from '../accounts/email-address.js';
import type { Job } from '../jobs/job-attempt.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';
import type { Counter } from '../rate-limit/caller-limit.js';
import { countOnce } from '../rate-limit/count-once.js';
import type { RateLimiter } from '../rate-limit/rate-limiter.js';
import { takeAll } from '../rate-limit/take-all.js';
import type { Pseudonyms } from '../secrets/pseudonyms.js';
import type { ResetMails } from './reset-mails.js';
import type { ResetRequest } from './reset-requests.js';

export interface UnknownAddressesDeps {
  readonly settings: { readonly notifyUnknown: boolean; readonly requestDeadlineSeconds: number };
  readonly limits: { readonly perAddress: RateLimiter; readonly perClient: RateLimiter; readonly inAll: RateLimiter };
  readonly redis: Redis | Cluster;
  readonly pseudonyms: Pseudonyms;
  readonly mails: ResetMails;
}

/** `mailed`: a mail was handed to the mailer, whatever came of it. */
export type UnknownAddressOutcome =
  | { readonly mailed: boolean; readonly outcome: 'told-unknown' | 'no-recipient' | 'expired' }
  | { readonly mailed: true; readonly failure: SmtpFailure };

/**
 * Tells the holder of an address without an account that somebody asked for it, if the operator wants that (OWASP
 * Forgot Password Cheat Sheet). A stranger chooses the address, so three budgets bound how many mails strangers can
 * make us send: to one address, for one client, and in all.
 */
export class UnknownAddresses {
  constructor(private readonly deps: UnknownAddressesDeps) {}

  /** @throws Unavailable when a budget cannot be counted, because Redis or the data key is away. */
  async tell(job: Job<ResetRequest> & MailJob): Promise<UnknownAddressOutcome> {
    const { mails, settings } = this.deps;
    if (!settings.notifyUnknown) return { mailed: false, outcome: 'no-recipient' };
    const age = job.startedAt.getTime() - job.createdAt.getTime();
    if (age > settings.requestDeadlineSeconds * 1000) {
      await this.#giveBack(job);
      return { mailed: false, outcome: 'expired' };
    }
    if (!(await this.#take(job))) return { mailed: false, outcome: 'no-recipient' };
    const failure = await mails.sendUnknown(job.data.email, job.data.locale, job);
    if (!failure) return { mailed: true, outcome: 'told-unknown' };
    // No dead letter: strangers could fill the queue with them. The budget stays used: mails to mailboxes that do not
    // exist harm our reputation at the relay as much as delivered ones.
    return failure.fault === 'recipient' ? { mailed: true, outcome: 'no-recipient' } : { mailed: true, failure };
  }

  /** Counts a job once, in however many attempts. @returns false when a budget is used up. @throws Unavailable */
  async #take(job: Job<ResetRequest>): Promise<boolean> {
    const { redis, settings } = this.deps;
    const once = { mark: countedMark(job.id), seconds: settings.requestDeadlineSeconds };
    const take = async () => {
      const taking = await takeAll(this.#budgets(job).map((budget) => [budget]));
      return taking.kind === 'Taken' || undefined;
    };
    return (await countOnce(redis, once, take, () => true)) ?? false;
  }

  /** Best effort, never throws: the windows refill anyway. */
  async #giveBack(job: Job<ResetRequest>): Promise<void> {
    const counted = await this.deps.redis.del(countedMark(job.id)).catch(() => 0);
    if (!counted) return;
    for (const { limiter, key } of this.#budgets(job)) await limiter.giveBack(key).catch(() => undefined);
  }

  #budgets({ data: { email, client } }: Job<ResetRequest>): Counter[] {
    const { limits, pseudonyms } = this.deps;
    return [
      { limiter: limits.perAddress, key: pseudonyms.of(`unknown ${mailboxOf(email)}`) },
      { limiter: limits.perClient, key: client },
      { limiter: limits.inAll, key: 'all' },
    ];
  }
}

/** Without the tag: `a+1@…` and `a+2@…` are one mailbox nearly everywhere; where they are not, they share a budget. */
function mailboxOf(email: EmailAddress): string {
  return email.replace(/\+[^@]*@/, '@');
}

function countedMark(jobId: string): string {
  return `unknown-counted:${jobId}`;
}
