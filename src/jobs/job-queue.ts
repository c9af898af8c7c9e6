import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { fromKysely, type JobInsert, type JobResult, type JobWithMetadata, PgBoss } from 'pg-boss';
import { Unavailable } from '../errors.js';
import { describeFault, type Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { GroupWriter } from './group-writer.js';
import { countJobs, type QueueCounts } from './queue-counts.js';
import { jobTiming, type QueueDefinition, queueSchema } from './queue-definition.js';

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

export interface JobQueueOptions {
  /** `pg` options: connection string, time-outs. */
  readonly connection: { connectionString: string; connectionTimeoutMillis: number };
  readonly poolSize: number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** A worker process listens for new jobs and watches over leases; a producer only writes. */
  readonly worker: boolean;
}

/**
 * Two groups, so that one is gathered and sent while the other commits. Four more may wait; who comes beyond would wait
 * longer than for a new try, and calls that write no job need room, too.
 */
const groupLimits = { groups: 2, items: 100, waiting: 400 } as const;

/** Durable jobs in PostgreSQL (pg-boss): written in the caller's transaction or by themselves, settled one by one. */
export class JobQueue {
  readonly #boss: PgBoss;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #worker: boolean;
  readonly #writers = new Map<string, GroupWriter<JobInsert>>();
  #starting: Promise<void> | undefined;
  #started = false;
  #stopped = false;

  constructor(options: JobQueueOptions) {
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#worker = options.worker;
    this.#boss = new PgBoss({
      ...options.connection,
      application_name: options.worker ? 'latchkey worker jobs' : 'latchkey jobs',
      max: options.poolSize,
      schema: queueSchema,
      migrate: false,
      createSchema: false,
      supervise: options.worker,
      schedule: false,
      useListenNotify: options.worker,
      superviseIntervalSeconds: jobTiming.monitor,
      monitorIntervalSeconds: jobTiming.monitor,
      maintenanceIntervalSeconds: 300,
    });
    this.#boss.on('error', (error) =>
      this.#log.error({ part: 'jobs', fault: describeFault(error) }, 'job queue fault'),
    );
    this.#boss.on('warning', () => this.#log.warn({ part: 'jobs' }, 'job queue warning'));
  }

  get started(): boolean {
    return this.#started;
  }

  /** Starts, and goes on trying while the database is away. Resolves once started or stopped. */
  start(): Promise<void> {
    this.#starting ??= this.#startPatiently();
    return this.#starting;
  }

  /** @returns the job's id. @throws Unavailable when nothing was accepted. */
  async enqueue<Data extends object>(queue: QueueDefinition<Data>, data: Data): Promise<string> {
    if (!this.#started) throw new Unavailable('postgres');
    try {
      const id = randomUUID();
      await this.#writerOf(queue.name).write({ id, data });
      return id;
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      this.#log.error({ queue: queue.name, fault: describeFault(error) }, 'a job could not be written');
      throw new Unavailable('postgres', { cause: error });
    }
  }

  /** In the caller's transaction: the job is there exactly if the change is. */
  async enqueueWithin<Data extends object>(
    transaction: EntityManager,
    queue: QueueDefinition<Data>,
    data: Data,
  ): Promise<string> {
    if (!this.#started) throw new Unavailable('postgres');
    return accepted(await this.#boss.send(queue.name, data, { db: fromKysely(transaction.getKysely()) }));
  }

  /**
   * Works on a queue in `slots` loops, each with one job at a time, so that one slow job holds up no other and no more
   * jobs are leased than can be worked on.
   */
  async work<Data extends object>(
    queue: QueueDefinition<Data>,
    slots: number,
    handle: (job: Job<Data>) => Promise<Settlement>,
  ): Promise<void> {
    for (let slot = 0; slot < slots; slot++) {
      const options = {
        perJobResults: true,
        includeMetadata: true,
        batchSize: 1,
        pollingIntervalSeconds: 1,
        notifyPollingIntervalSeconds: 5,
      } as const;
      const workerId: string = await this.#boss.work<Data, unknown, typeof options>(
        queue.name,
        options,
        async (jobs) => {
          // Looks for the next job as soon as this one is settled, instead of at the next poll.
          this.#boss.notifyWorker(workerId);
          return Promise.all(jobs.map((job) => this.#attempt(queue, job, handle)));
        },
      );
    }
  }

  /** Jobs that wait, are at work, or are dead, per queue; and the age of the oldest that waits. */
  counts(queues: readonly { name: string }[]): Promise<Record<string, QueueCounts>> {
    return countJobs(this.#boss.getDb(), queues);
  }

  /** Takes no new job, lets those at work end (at most `graceMs` milliseconds), closes the connections. */
  async stop(graceMs = 65_000): Promise<void> {
    this.#stopped = true;
    await this.#starting;
    this.#started = false;
    await this.#boss.stop({ graceful: true, close: true, timeout: graceMs });
  }

  #writerOf(queue: string): GroupWriter<JobInsert> {
    const writer = this.#writers.get(queue) ?? new GroupWriter((jobs) => this.#insert(queue, jobs), groupLimits);
    this.#writers.set(queue, writer);
    return writer;
  }

  /** Nothing is accepted that is not a row: pg-boss inserts no row, without a word, where its queue is missing. */
  async #insert(queue: string, jobs: JobInsert[]): Promise<void> {
    const ids = await this.#boss.insert(queue, jobs, { returnId: true });
    if (ids?.length !== jobs.length) throw new Error(`the job queue wrote ${ids?.length ?? 0} of ${jobs.length} jobs`);
  }

  async #startPatiently(): Promise<void> {
    for (let pause = 250; !this.#stopped; pause = Math.min(pause * 2, 5_000)) {
      try {
        await this.#boss.start();
        this.#started = true;
        return;
      } catch (error) {
        const hint = 'the job queue cannot start yet; is the database reachable, and did `latchkey migrate up` run?';
        this.#log.warn({ part: this.#worker ? 'worker' : 'producer', fault: describeFault(error) }, hint);
        await this.#boss.stop({ graceful: false, close: true }).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  async #attempt<Data extends object>(
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
        this.#metrics.job(queue.name, settlement.outcome);
        this.#log.info({ ...fields, outcome: settlement.outcome }, 'job done');
        return { id: job.id, status: 'completed', output: { outcome: settlement.outcome } };
      }
      this.#metrics.job(queue.name, settlement.settle);
      const status = settlement.settle === 'dead' ? 'deadletter' : 'failed';
      this.#log.warn({ ...fields, outcome: settlement.settle, reason: settlement.reason }, 'job not done');
      return { id: job.id, status, output: { reason: settlement.reason } };
    } catch (error) {
      this.#metrics.job(queue.name, 'failed');
      const fault = describeFault(error);
      this.#log.error({ ...fields, outcome: 'retry', fault }, 'job failed');
      return { id: job.id, status: 'failed', output: { reason: 'fault', fault } };
    }
  }
}

function accepted(id: string | null): string {
  if (id === null) throw new Error('the job queue wrote nothing');
  return id;
}
