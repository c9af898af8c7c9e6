import { setTimeout as sleep } from 'node:timers/promises';
import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { Unavailable } from '../errors.js';
import { describeFault, type Log } from '../log.js';
import type { Metrics } from '../metrics.js';

/** A job at one attempt. Times are the database's. */
export interface Job<Data> {
  readonly id: string;
  readonly data: Data;
  /** 1 at the first attempt. */
  readonly attempt: number;
  readonly createdAt: Date;
  /** When this attempt began. */
  readonly startedAt: Date;
  /** When this attempt began in this process: milliseconds, `performance.now()`. */
  readonly begun: number;
  /** Aborted when the lease is gone: somebody else may hold the job by now. */
  readonly signal: AbortSignal;
}

/**
 * How an attempt ends: done for good, again later (the queue's back-off), or dead and visible to an operator. What
 * waits for something is tried at once when that is back: see `JobQueue.hurry`.
 */
export type Settlement =
  | { readonly settle: 'done'; readonly outcome: string }
  | { readonly settle: 'retry'; readonly reason: string; readonly waitsFor?: string }
  | { readonly settle: 'dead'; readonly reason: string };

/**
 * Attempts in a row that may end in a fault of ours before the job is a dead letter: about 20 minutes with the queue's
 * back-off. Lost stores are no such fault.
 */
export const mostFaults = 10;

/** Milliseconds between two tries to settle a job while the database is away. */
const settlePause = 500;

/** Runs the attempts at jobs, and sees to it that what is done stays done. */
export class JobAttempts {
  constructor(
    private readonly boss: Pick<PgBoss, 'complete'>,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  /** @returns how the queue is to settle the job; never throws, and logs nothing of the job's data. */
  async run<Data extends object>(
    job: JobWithMetadata<Data>,
    handle: (job: Job<Data>) => Promise<Settlement>,
  ): Promise<JobResult> {
    const begun = performance.now();
    const { id, name: queue, data, createdOn: createdAt, startedOn: startedAt, signal } = job;
    const attempt = job.retryCount + 1;
    const fields = { queue, jobId: id, attempt };
    try {
      const settlement = await handle({ id, data, attempt, createdAt, startedAt, begun, signal });
      if (settlement.settle === 'done') {
        this.metrics.job(queue, settlement.outcome);
        this.log.info({ ...fields, outcome: settlement.outcome }, 'job done');
        const output = { outcome: settlement.outcome };
        await this.#complete(job, output);
        return { id, status: 'completed', output };
      }
      const { settle, ...output } = settlement;
      this.metrics.job(queue, settle);
      this.log.warn({ ...fields, outcome: settle, reason: output.reason }, 'job not done');
      return { id, status: settle === 'dead' ? 'deadletter' : 'failed', output };
    } catch (error) {
      this.metrics.job(queue, 'failed');
      const fault = describeFault(error);
      const isOurs = !(error instanceof Unavailable);
      const faults = isOurs ? faultsBefore(job) + 1 : 0;
      const isDead = faults >= mostFaults;
      this.log.error({ ...fields, outcome: isDead ? 'dead' : 'retry', fault }, 'job failed');
      const why = isOurs ? { reason: 'fault', faults } : { reason: `no-${error.part}`, waitsFor: error.part };
      const output = { ...why, fault };
      return { id, status: isDead ? 'deadletter' : 'failed', output };
    }
  }

  /**
   * Writes down that a job is done, again and again until the lease ends. pg-boss would try once, then give the job
   * back, and what was done (a mail sent) would be done a second time after each cut line. It finds the job settled.
   */
  async #complete(job: JobWithMetadata<object>, output: object): Promise<void> {
    for (let failures = 0; !job.signal.aborted; failures++) {
      try {
        await this.boss.complete(job.name, job, output);
        return;
      } catch (error) {
        const fields = { queue: job.name, jobId: job.id, fault: describeFault(error) };
        if (failures === 0) this.log.warn(fields, 'a job that is done could not be settled; trying again');
        await sleep(settlePause, undefined, { signal: job.signal }).catch(() => undefined);
      }
    }
  }
}

/** The queue keeps what the last attempt left. */
function faultsBefore({ output }: { output: unknown }): number {
  const faults = (output as { faults?: unknown } | null)?.faults;
  return typeof faults === 'number' ? faults : 0;
}
