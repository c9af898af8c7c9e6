import { setTimeout as sleep } from 'node:timers/promises';
import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { describeFault, type Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { QueueDefinition } from './queue-definition.js';

/** A job at one attempt. `createdAt` is the database's clock. */
export interface Job<Data> {
  readonly id: string;
  readonly data: Data;
  /** 1 at the first attempt. */
  readonly attempt: number;
  readonly createdAt: Date;
  /** Aborted when the lease is gone: somebody else may hold the job by now. */
  readonly signal: AbortSignal;
}

/** How an attempt ends: done for good, again later (the queue's back-off), or dead and visible to an operator. */
export type Settlement =
  | { readonly settle: 'done'; readonly outcome: string }
  | { readonly settle: 'retry'; readonly reason: string }
  | { readonly settle: 'dead'; readonly reason: string };

/** Milliseconds between two tries to settle a job while the database is away. */
const settlePause = 500;

/** Runs the attempts at jobs, and sees to it that what is done stays done. */
export class JobAttempts {
  constructor(
    private readonly boss: Pick<PgBoss, 'complete'>,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  /** @returns how pg-boss is to settle the job. */
  async run<Data extends object>(
    queue: QueueDefinition<Data>,
    job: JobWithMetadata<Data>,
    handle: (job: Job<Data>) => Promise<Settlement>,
  ): Promise<JobResult> {
    const attempt = job.retryCount + 1;
    const fields = { queue: queue.name, jobId: job.id, attempt };
    try {
      const settlement = await handle({
        id: job.id,
        data: job.data,
        attempt,
        createdAt: job.createdOn,
        signal: job.signal,
      });
      if (settlement.settle === 'done') {
        this.metrics.job(queue.name, settlement.outcome);
        this.log.info({ ...fields, outcome: settlement.outcome }, 'job done');
        const output = { outcome: settlement.outcome };
        await this.#complete(queue.name, job, output);
        return { id: job.id, status: 'completed', output };
      }
      this.metrics.job(queue.name, settlement.settle);
      const status = settlement.settle === 'dead' ? 'deadletter' : 'failed';
      this.log.warn({ ...fields, outcome: settlement.settle, reason: settlement.reason }, 'job not done');
      return { id: job.id, status, output: { reason: settlement.reason } };
    } catch (error) {
      this.metrics.job(queue.name, 'failed');
      const fault = describeFault(error);
      this.log.error({ ...fields, outcome: 'retry', fault }, 'job failed');
      return { id: job.id, status: 'failed', output: { reason: 'fault', fault } };
    }
  }

  /**
   * Writes down that a job is done, again and again until the lease ends. pg-boss would try once, then give the job
   * back, and what was done (a mail sent) would be done a second time after each cut line. It finds the job settled.
   */
  async #complete(queue: string, job: JobWithMetadata<object>, output: object): Promise<void> {
    for (let failures = 0; !job.signal.aborted; failures++) {
      try {
        await this.boss.complete(queue, job, output);
        return;
      } catch (error) {
        const fields = { queue, jobId: job.id, fault: describeFault(error) };
        if (failures === 0) this.log.warn(fields, 'a job that is done could not be settled; trying again');
        await sleep(settlePause, undefined, { signal: job.signal }).catch(() => undefined);
      }
    }
  }
}
