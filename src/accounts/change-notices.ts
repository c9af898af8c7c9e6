import type { EntityManager } from '@mikro-orm/postgresql';
import type { Audit } from '../audit/audit.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { QueueDefinition } from '../jobs/queue/definition.js';
import { timeInWords } from '../mail/words-of-time.js';
import { type AccountMails, noPlace, settlementOf } from './account-mails.js';
import type { Accounts } from './accounts.js';

/** Written in the commit of every password change; whoever works on it tells the owner by mail. */
export const credentialNotices: QueueDefinition<CredentialNotice> = { name: 'credential-notice' };
export interface CredentialNotice {
  readonly accountId: string;
  readonly change: 'password-reset' | 'password-change';
  /** ISO 8601, UTC; the database's clock. */
  readonly changedAt: string;
}

export interface ChangeNoticesDeps {
  readonly accounts: Pick<Accounts, 'find'>;
  readonly audit: Audit;
  readonly jobs: JobQueue;
  readonly mails: AccountMails;
  readonly settings: { readonly pageUrl: string; readonly supportUrl: string | undefined };
}

/** Tells the owner of every change of the password, with a way to object. */
export class ChangeNotices {
  constructor(private readonly deps: ChangeNoticesDeps) {}

  /** In the transaction of the change: the notice is there exactly if the change is. One that waits still tells the newest. */
  async enqueue(
    transaction: EntityManager,
    { accountId, change, changedAt }: { accountId: string; change: CredentialNotice['change']; changedAt: Date },
  ): Promise<void> {
    const notice = { accountId, change, changedAt: changedAt.toISOString() };
    await this.deps.jobs.enqueueOrRenewWithin(transaction, credentialNotices, { accountId }, notice);
  }

  /** In the worker. */
  async deliver(job: Job<CredentialNotice>): Promise<Settlement> {
    const { accounts, audit, mails, settings } = this.deps;
    const account = await accounts.find({ id: String(job.data.accountId) });
    if (!account) return { settle: 'done', outcome: 'no-recipient' };
    const place = mails.takePlace(credentialNotices, account.email, job);
    if (!place) return noPlace;
    const changedAt = new Date(job.data.changedAt);
    // A job that waited may tell another change at its next attempt: that is another mail, and no copy.
    const mailJob = { ...job, place, id: `${job.id}.${changedAt.getTime()}` };
    const language = mails.knownLocale(account.locale);
    const values = {
      changedAt: timeInWords(changedAt, language),
      supportUrl: settings.supportUrl ?? null,
      resetPageUrl: settings.pageUrl,
    };
    const failure = await mails
      .send('password-changed', account.email, language, mailJob, values)
      .finally(place.release);
    if (failure) return settlementOf(failure);
    audit.noteSoon({ kind: 'notice.sent', accountId: account.id, detail: { jobId: job.id, change: job.data.change } });
    return { settle: 'done', outcome: 'sent' };
  }
}
