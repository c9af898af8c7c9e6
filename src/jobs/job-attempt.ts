import type { JobResult, JobWithMetadata } from 'pg-boss';
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

/** Runs a handler and says how the queue settles the job, without a throw and without its data in a log. */
export async function attemptJob<Data extends object>(
  job: JobWithMetadata<Data>,
  handle: (job: Job<Data>) => Promise<Settlement>,
  { log, metrics }: { log: Log; metrics: Metrics },
): Promise<JobResult> {
  const { id, name: queue, data, createdOn: createdAt, startedOn: startedAt, signal } = job;
  const attempt = job.retryCount + 1;
  const fields = { queue, jobId: id, attempt };
  try {
    const settlement = await handle({ id, data, attempt, createdAt, startedAt, signal });
    if (settlement.settle === 'done') {
      metrics.job(queue, settlement.outcome);
      log.info({ ...fields, outcome: settlement.outcome }, 'job done');
      return { id, status: 'completed', output: { outcome: settlement.outcome } };
    }
    const { settle, ...output } = settlement;
    metrics.job(queue, settle);
    log.warn({ ...fields, outcome: settle, reason: output.reason }, 'job not done');
    return { id, status: settle === 'dead' ? 'deadletter' : 'failed', output };
  } catch (error) {
    metrics.job(queue, 'failed');
    const fault = describeFault(error);
    const isOurs = !(error instanceof Unavailable);
    const faults = isOurs ? faultsBefore(job) + 1 : 0;
    const isDead = faults >= mostFaults;
    log.error({ ...fields, outcome: isDead ? 'dead' : 'retry', fault }, 'job failed');
    const output = { reason: isOurs ? 'fault' : `no-${error.part}`, fault, ...(isOurs ? { faults } : {}) };
    return { id, status: isDead ? 'deadletter' : 'failed', output };
  }
}

/** The queue keeps what the last attempt left. */
function faultsBefore({ output }: { output: unknown }): number {
  const faults = (output as { faults?: unknown } | null)?.faults;
  return typeof faults === 'number' ? faults : 0;
}
