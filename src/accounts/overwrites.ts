import type { EntityManager } from '@mikro-orm/postgresql';
import { orUnavailable } from '../calls/unavailable.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { QueueDefinition } from '../jobs/queue/definition.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { Accounts, Changed, Credential } from './accounts.js';
import type { Stamps } from './source/stamps.js';

/** A job is written with every change of a password in an app's table. */
export const overwriteWatch: QueueDefinition<Watched> = { name: 'overwrite-watch' };
export interface Watched {
  readonly accountId: string;
  /** The stamp after the change, under HMAC, base64url. */
  readonly mark: string;
  /** Our version after the change; missing in jobs of the last release. */
  readonly version?: number;
  /** The stamp that the change found, under HMAC: what was left of the change before it. */
  readonly found?: string;
}

/** Seconds from a change to the second look: longer than an app works on one request. */
const secondLook = 60;

export interface OverwritesDeps {
  readonly accounts: Pick<Accounts, 'find'>;
  readonly stamps: Stamps;
  readonly jobs: JobQueue;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Looks whether an app has written over a password that was just set. An app that read the row before the change, and
 * saves all of it afterwards, puts the old password back; no guard of ours can keep it from that. A change of the
 * address, or a new hash of the new password, looks the same.
 */
export class Overwrites {
  constructor(private readonly deps: OverwritesDeps) {}

  /** The mark of a stamp, for a job; undefined for our own table, into which nobody else writes. */
  markOf(account: Pick<Changed, 'stamp'>): string | undefined {
    return account.stamp ? this.deps.stamps.sign(account).toString('base64url') : undefined;
  }

  /** In the transaction of the change. @throws Unavailable when the queue has not started. */
  async watch(transaction: EntityManager, account: Changed): Promise<void> {
    const mark = this.markOf(account);
    if (mark === undefined) return;
    const found = this.markOf({ stamp: account.stampBefore ?? '' });
    const watched = { accountId: account.id, mark, version: account.credentialVersion, ...(found ? { found } : {}) };
    await this.deps.jobs.enqueueWithin(transaction, overwriteWatch, watched, { startAfterSeconds: secondLook });
  }

  /** In the worker, a minute later. @throws Unavailable when PostgreSQL is away. */
  async deliver(job: Job<Watched>): Promise<Settlement> {
    const account = await this.deps.accounts.find({ id: String(job.data.accountId) });
    const isSame = !account || (this.compare(account, job.data) && (await this.#lasted(account, job.data)));
    return { settle: 'done', outcome: isSame ? 'unchanged' : 'overwritten' };
  }

  /**
   * Whether an account still has the stamp of that mark; warns if not. A later change of our own is no such case: it
   * has a mark of its own.
   */
  compare(account: Credential, { mark, version }: Pick<Watched, 'mark' | 'version'>): boolean {
    if (version !== undefined && version !== account.credentialVersion) return true;
    return this.deps.stamps.verify(Buffer.from(String(mark), 'base64url'), account) || this.#warn(account);
  }

  /**
   * Whether a change lasted until the next one of ours, if there was one: the job of that one tells what it found.
   * Whose new password does not open asks for another link at once, so this is where overwriting is met most.
   */
  async #lasted(account: Credential, { mark, version }: Watched): Promise<boolean> {
    const { jobs } = this.deps;
    if (version === undefined || version === account.credentialVersion) return true;
    const next = await orUnavailable(jobs.dataOf(overwriteWatch, { accountId: account.id, version: version + 1 }));
    return next?.found === undefined || next.found === mark || this.#warn(account);
  }

  #warn(account: Credential): false {
    const { log, metrics } = this.deps;
    metrics.alarm('app-wrote-over-reset');
    const said =
      'ALARM: the app changed an account right after its password was set here; it may have put the old one back';
    log.warn({ accountId: account.id, reason: 'app-wrote-over-reset' }, said);
    return false;
  }
}
