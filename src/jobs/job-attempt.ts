import { setTimeout as sleep } from 'node:timers/promises';
import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { Unavailable } from '../calls/errors.js';
import { describeFault, type Log } from '../observability/log.js';
import type { AttemptEnd, JobOutcome } from './outcomes.js';
import { backOffAfter, type Carried, carriedBy, pauseAfter, putOff } from './put-off.js';
import type { QueueTables } from './queue/tables.js';

/** A job at one attempt. Times are by the database's clock unless said otherwise. */
export interface Job<Data> {
  readonly id: string;
  readonly data: Data;
  /** 1 at the first attempt; attempts that were put off do not count. */
  readonly attempt: number;
  readonly createdAt: Date;
  /** When this attempt began. */
  readonly startedAt: Date;
  /** When this attempt began in this process: milliseconds, `performance.now()`. */
  readonly begun: number;
  /** Whether the settlement of an earlier attempt had `tried`. */
  readonly wasTried: boolean;
  /** Aborts when the lease ends: another worker may have the job by then. */
  readonly signal: AbortSignal;
}

/**
 * How an attempt ends. `done`: for good. `retry`: again after the queue's back-off. `later`: put off for a short time
 * because no place was free, which does not count as an attempt. `dead`: given up, for an operator to look at.
 * `tried`: the dialogue came as far as the recipient. `waitsFor`: the job is tried immediately when that is back
 * (`JobQueue.wake`). `slotIsFree`: the slot takes no other job until this resolves; it never rejects.
 */
export type Settlement = { readonly slotIsFree?: Promise<void> } & (
  | { readonly settle: 'done'; readonly outcome: JobOutcome }
  | { readonly settle: 'retry'; readonly reason: string; readonly waitsFor?: string; readonly tried?: boolean }
  | { readonly settle: 'later'; readonly reason: string }
  | { readonly settle: 'dead'; readonly reason: string }
);

/**
 * Attempts in a row that may end in a bug before the job becomes a dead letter: about 20 minutes with the queue's
 * back-off. A store that is away is not counted.
 */
export const mostFaults = 10;

/** Milliseconds between two tries to settle a job while the database is away. */
const settlePause = 500;

/** Runs the attempts at jobs, and makes sure that a job that is done is settled as done. */
export class JobAttempts {
  constructor(
    private readonly boss: Pick<PgBoss, 'complete' | 'getDb'>,
    private readonly tables: QueueTables,
    private readonly log: Log,
    private readonly metrics: { job(queue: string, outcome: AttemptEnd): void },
  ) {}

  /**
   * @param wake makes the worker look at the queue after this many milliseconds.
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
      // What it waits for has told of its fault once; thousands of jobs that wait for the same would only repeat it.
      const level = 'waitsFor' in said && said.waitsFor !== undefined ? 'debug' : 'warn';
      this.log[level]({ ...fields, outcome: settle, reason: said.reason }, 'job not done');
      const output = { ...carried, ...said };
      // pg-boss counts each time that a job was put off as an attempt, and would make the pause too long. And it settles a
      // job only when the slot is free: a mail that must be sent again would keep its slot longer than one that need not.
      if (settle === 'retry' && (carried.putOff || free))
        await putOff(this.boss, this.tables, job, backOffAfter(attempt), output);
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
    // Keeps `waitsFor` and `faults` of earlier attempts.
    const output = { ...(job.output as object | null), putOff: times + 1 };
    if (await putOff(this.boss, this.tables, job, seconds, output)) wake(ms + 50);
    return { id: job.id, status: 'failed', output };
  }

  /**
   * Settles a job as done; tries again until the lease ends. pg-boss (12.35.0) tries once and then gives the job back,
   * so that after a lost connection the work (a mail) would be done twice. When pg-boss settles the job later, it is
   * settled.
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

/** Faults in a row before this attempt, from the output of the last one, which the queue keeps. */
function faultsBefore({ output }: { output: unknown }): number {
  const faults = (output as { faults?: unknown } | null)?.faults;
  return typeof faults === 'number' ? faults : 0;
}
