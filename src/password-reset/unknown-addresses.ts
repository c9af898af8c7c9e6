import type { Cluster, Redis } from 'ioredis';
import type { MailJob } from '../accounts/account-mails.js';
import type { EmailAddress } from '../accounts/email-address.js';
import { Unavailable } from '../calls/errors.js';
import type { Job } from '../jobs/job-attempt.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';
import type { RateLimiter } from '../rate-limit/rate-limiter.js';
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

/** `mailed`: a relay was asked, whatever it said. */
export type UnknownAddressOutcome =
  | { readonly mailed: boolean; readonly outcome: 'told-unknown' | 'no-recipient' | 'expired' }
  | { readonly mailed: true; readonly failure: SmtpFailure };

/**
 * Tells the holder of an address without an account that somebody asked for it, if the operator wants that (OWASP
 * Forgot Password Cheat Sheet). A stranger chooses the address, so three budgets bound what we can be used for: mails
 * to one address, for one client, and in all.
 */
export class UnknownAddresses {
  constructor(private readonly deps: UnknownAddressesDeps) {}

  /** @throws Unavailable when there is no budget to count on. */
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
    // No dead letter, which strangers could fill the queue with; and no budget back, because a list of dead mailboxes
    // costs our name at the relay as much as mails do.
    return failure.fault === 'recipient' ? { mailed: true, outcome: 'no-recipient' } : { mailed: true, failure };
  }

  /** Counts a job once, however often it is tried. */
  async #take(job: Job<ResetRequest>): Promise<boolean> {
    const { redis, settings } = this.deps;
    const mark = countedMark(job.id);
    try {
      const first = await redis.set(mark, '1', 'EX', settings.requestDeadlineSeconds + 86_400, 'NX');
      if (!first) return true;
      const taken = await this.#count(job);
      if (!taken) await redis.del(mark);
      return taken;
    } catch (error) {
      // A mark without a count would let the next try go uncounted.
      await redis.del(mark).catch(() => 0);
      throw new Unavailable('redis', { cause: error });
    }
  }

  async #count(job: Job<ResetRequest>): Promise<boolean> {
    const taken: (readonly [RateLimiter, string])[] = [];
    for (const [limiter, key] of this.#budgets(job)) {
      if (!(await limiter.take(key)).allowed) {
        for (const [other, otherKey] of taken) await other.giveBack(otherKey);
        return false;
      }
      taken.push([limiter, key]);
    }
    return true;
  }

  /** Best effort, since the windows refill anyway. */
  async #giveBack(job: Job<ResetRequest>): Promise<void> {
    const counted = await this.deps.redis.del(countedMark(job.id)).catch(() => 0);
    if (!counted) return;
    for (const [limiter, key] of this.#budgets(job)) await limiter.giveBack(key).catch(() => undefined);
  }

  #budgets({ data: { email, client } }: Job<ResetRequest>): (readonly [RateLimiter, string])[] {
    const { limits, pseudonyms } = this.deps;
    return [
      [limits.perAddress, pseudonyms.of(`unknown ${mailboxOf(email)}`)],
      [limits.perClient, client],
      [limits.inAll, 'all'],
    ];
  }
}

/** Without a tag: `a+1@…` and `a+2@…` are one mailbox nearly everywhere, and at worst share one budget. */
function mailboxOf(email: EmailAddress): string {
  return email.replace(/\+[^@]*@/, '@');
}

function countedMark(jobId: string): string {
  return `unknown-counted:${jobId}`;
}
