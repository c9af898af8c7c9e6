import { setTimeout as sleep } from 'node:timers/promises';
import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { Unavailable } from '../calls/errors.js';
import { describeFault, type Log } from '../observability/log.js';
import type { AttemptEnd, JobOutcome } from './outcomes.js';
import { backOffAfter, type Carried, carriedBy, pauseAfter, putOff } from './put-off.js';

/** A job at one attempt. Times are the database's. */
export interface Job<Data> {
  readonly id: string;
  readonly data: Data;
  /** 1 at the first attempt; one that was put off counts as none. */
  readonly attempt: number;
  readonly createdAt: Date;
  /** When this attempt began. */
  readonly startedAt: Date;
  /** When this attempt began in this process: milliseconds, `performance.now()`. */
  readonly begun: number;
  /** Whether an attempt before this one said that it was `tried`. */
  readonly wasTried: boolean;
  /** Aborted when the lease is gone: somebody else may hold the job by now. */
  readonly signal: AbortSignal;
}

/**
 * How an attempt ends: done for good, again after the queue's back-off, put off for a short time because it found no
 * room (that is no attempt), or dead and visible to an operator. `tried`: it came as far as it could. What
 * waits for something is tried immediately when that is back: see `JobQueue.wake`. `slotIsFree`: until then the slot
 * takes no other job. Never rejects.
 */
export type Settlement = { readonly slotIsFree?: Promise<void> } & (
  | { readonly settle: 'done'; readonly outcome: JobOutcome }
  | { readonly settle: 'retry'; readonly reason: string; readonly waitsFor?: string; readonly tried?: boolean }
  | { readonly settle: 'later'; readonly reason: string }
  | { readonly settle: 'dead'; readonly reason: string }
);

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
    private readonly boss: Pick<PgBoss, 'complete' | 'getDb'>,
    private readonly log: Log,
    private readonly metrics: { job(queue: string, outcome: AttemptEnd): void },
  ) {}

  /**
   * @param wake asks for the next look at the queue, so many milliseconds from now.
   * @returns how the queue is to settle the job; never throws, and logs nothing of the job's data.
   */
  async run<Data extends object>(
    job: JobWithMetadata<Data>,
    handle: (job: Job<Data>) => Promise<Settlement>,
    wake: (ms: number) => void = () => undefined,
  ): Promise<JobResult> {
    const begun = performance.now();
    const { id, name: queue, data, createdOn: createdAt, startedOn: startedAt, signal } = job;
    const carried = carriedBy(job);
    const attempt = job.retryCount + 1 - (carried.putOff ?? 0);
    const fields = { queue, jobId: id, attempt };
    let free: Promise<void> | undefined;
    try {
      const wasTried = carried.tried === true;
      const ended = await handle({ id, data, attempt, createdAt, startedAt, begun, wasTried, signal });
      const { slotIsFree, ...settlement } = ended;
      free = slotIsFree;
      if (settlement.settle === 'done') {
        this.metrics.job(queue, settlement.outcome);
        this.log.info({ ...fields, outcome: settlement.outcome }, 'job done');
        const output = { outcome: settlement.outcome };
        await this.#complete(job, output);
        return { id, status: 'completed', output };
      }
      const { settle, ...said } = settlement;
      this.metrics.job(queue, settle);
      if (settle === 'later') return await this.#later(job, carried, said.reason, wake);
      this.log.warn({ ...fields, outcome: settle, reason: said.reason }, 'job not done');
      const output = { ...carried, ...said };
      // What was put off would wait as long as after so many attempts.
      if (settle === 'retry' && carried.putOff) await putOff(this.boss, job, backOffAfter(attempt), output);
      return { id, status: settle === 'dead' ? 'deadletter' : 'failed', output };
    } catch (error) {
      this.metrics.job(queue, 'failed');
      const fault = describeFault(error);
      const isOurs = !(error instanceof Unavailable);
      const faults = isOurs ? faultsBefore(job) + 1 : 0;
      const isDead = faults >= mostFaults;
      this.log.error({ ...fields, outcome: isDead ? 'dead' : 'retry', fault }, 'job failed');
      const why = isOurs ? { reason: 'fault', faults } : { reason: `no-${error.part}`, waitsFor: error.part };
      const output = { ...carried, ...why, fault };
      return { id, status: isDead ? 'deadletter' : 'failed', output };
    } finally {
      await free;
    }
  }

  async #later(
    job: JobWithMetadata<object>,
    carried: Carried,
    reason: string,
    wake: (ms: number) => void,
  ): Promise<JobResult> {
    const times = carried.putOff ?? 0;
    const seconds = pauseAfter(times);
    const ms = Math.round(seconds * 1000);
    this.log.info({ queue: job.name, jobId: job.id, reason, ms }, 'job put off');
    // What it waited for before, and how many faults it met, stay as they are.
    const output = { ...(job.output as object | null), putOff: times + 1 };
    if (await putOff(this.boss, job, seconds, output)) wake(ms + 50);
    return { id: job.id, status: 'failed', output };
  }

  /**
   * Writes down that a job is done, again and again until the lease ends. pg-boss (12.35.0) tries once, then gives
   * the job back, and what was done (a mail sent) would be done a second time after each cut line. It finds the job settled.
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
