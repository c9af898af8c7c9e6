import type { EntityManager } from '@mikro-orm/postgresql';
import type { Audit } from '../audit/audit.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { QueueDefinition } from '../jobs/queue/definition.js';
import { type AccountMails, noPlace, settlementOf } from './account-mails.js';
import type { Accounts, Changed } from './accounts.js';
import type { Overwrites } from './overwrites.js';

/** A job is written in the transaction of every password change; the worker then tells the owner by mail. */
export const credentialNotices: QueueDefinition<CredentialNotice> = { name: 'credential-notice' };
export interface CredentialNotice {
  readonly accountId: string;
  readonly change: 'password-reset' | 'password-change';
  /** ISO 8601, UTC; the database's clock. */
  readonly changedAt: string;
  /** What `Overwrites.markOf` gave after the change, of an account in an app's table, and its version then. */
  readonly mark?: string;
  readonly version?: number;
}

export interface ChangeNoticesDeps {
  readonly accounts: Pick<Accounts, 'find'>;
  readonly audit: Audit;
  readonly jobs: JobQueue;
  readonly mails: AccountMails;
  readonly overwrites: Overwrites;
  readonly settings: { readonly pageUrl: string; readonly supportUrl: string | undefined };
}

/** Mails the owner after every change of the password, and says how to object. */
export class ChangeNotices {
  constructor(private readonly deps: ChangeNoticesDeps) {}

  /**
   * Writes the notice in the transaction of the change, so that there is a notice exactly if there is a change. A
   * notice that still waits is updated instead, and tells the newest change. @throws Unavailable when the queue has
   * not started.
   */
  async enqueue(transaction: EntityManager, changed: Changed, change: CredentialNotice['change']): Promise<void> {
    const { jobs, overwrites } = this.deps;
    const { id: accountId, credentialVersion: version, readAt } = changed;
    const mark = overwrites.markOf(changed);
    const notice = { accountId, change, changedAt: readAt.toISOString(), ...(mark ? { mark, version } : {}) };
    await jobs.enqueueOrRenewWithin(transaction, credentialNotices, { accountId }, notice);
    await overwrites.watch(transaction, changed);
  }

  /** In the worker: sends the notice. @throws Unavailable when PostgreSQL is away. */
  async deliver(job: Job<CredentialNotice>): Promise<Settlement> {
    const { accounts, audit, mails, overwrites, settings } = this.deps;
    const account = await accounts.find({ id: String(job.data.accountId) });
    const { mark, version } = job.data;
    if (account && mark) overwrites.compare(account, { mark, ...(version === undefined ? {} : { version }) });
    if (!account?.email) return { settle: 'done', outcome: 'no-recipient' };
    const place = mails.takePlace(credentialNotices, account.email, job);
    if (!place) return noPlace;
    const changedAt = new Date(job.data.changedAt);
    // A waiting job may be updated to another change: its next attempt is then another mail, with its own message id.
    const mailJob = { ...job, place, id: `${job.id}.${changedAt.getTime()}` };
    const language = mails.knownLocale(account.locale);
    const values = {
      changedAt: mails.moment(changedAt, language),
      supportUrl: settings.supportUrl ?? null,
      resetPageUrl: mails.pageIn(settings.pageUrl, language),
    };
    const failure = await mails
      .send('password-changed', account.email, language, mailJob, values)
      .finally(place.release);
    if (failure) return settlementOf(failure);
    audit.noteSoon({ kind: 'notice.sent', accountId: account.id, detail: { jobId: job.id, change: job.data.change } });
    return { settle: 'done', outcome: 'sent' };
  }
}
