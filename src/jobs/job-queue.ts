import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { fromKysely, type JobInsert, type JobWithMetadata, PgBoss } from 'pg-boss';
import { Unavailable } from '../calls/errors.js';
import { describeFault, type Log } from '../observability/log.js';
import { eraseFinished } from './erase-finished.js';
import { GroupWriter } from './group-writer.js';
import { type Job, JobAttempts, type Settlement } from './job-attempt.js';
import { listenDirectly } from './listen-directly.js';
import { oneByOne, takeByClass, takingOf } from './place-taking.js';
import { countJobs, type QueueCounts } from './queue/counts.js';
import { jobTiming, type QueueDefinition } from './queue/definition.js';
import { tellQueueFaults, tellQueueWarnings } from './queue/faults.js';
import { takeOver } from './queue/former-queue.js';
import type { JobQueueOptions } from './queue/options.js';
import { QueueTables } from './queue/tables.js';
import { renewWaiting } from './renew-waiting.js';
import { wakeJobs } from './wake-jobs.js';

/**
 * One group fills while another commits; a second one is written beside it when that takes long. 400 more jobs (four groups) may wait; further calls are
 * refused, because they would wait longer than the client's retry takes.
 */
const groupLimits = { groups: 2, items: 100, waiting: 400, patience: 50 } as const;

/** Durable jobs in PostgreSQL (pg-boss): written in the caller's transaction or on their own, settled one by one. */
export class JobQueue {
  readonly #boss: PgBoss;
  readonly #log: Log;
  readonly #tables: QueueTables;
  readonly #attempts: JobAttempts;
  readonly #worker: boolean;
  readonly #onPool: (pool: Pool) => void;
  readonly #writers = new Map<string, GroupWriter<JobInsert>>();
  #starting: Promise<void> | undefined;
  #started = false;
  #stopped = false;

  constructor(options: JobQueueOptions) {
    this.#log = options.log;
    this.#worker = options.worker;
    this.#tables = new QueueTables(options.schema);
    this.#boss = new PgBoss({
      ...options.connection,
      max: options.poolSize,
      schema: options.schema,
      migrate: false,
      createSchema: false,
      supervise: options.worker,
      schedule: false,
      useListenNotify: options.worker,
      superviseIntervalSeconds: jobTiming.monitor,
      monitorIntervalSeconds: jobTiming.monitor,
      maintenanceIntervalSeconds: 300,
    });
    listenDirectly(this.#boss.getDb(), options.direct);
    this.#onPool = options.onPool ?? (() => undefined);
    this.#attempts = new JobAttempts(this.#boss, this.#tables, options.log, options.metrics);
    this.#boss.on('error', tellQueueFaults(this.#log));
    this.#boss.on('warning', tellQueueWarnings(this.#log));
  }

  get started(): boolean {
    return this.#started;
  }

  /** Starts; tries again while the database is away. Resolves once started or stopped; never rejects. */
  start(): Promise<void> {
    this.#starting ??= this.#startPatiently();
    return this.#starting;
  }

  /** @returns the job's id. @throws Unavailable when the job was not written, or that is not known. */
  async enqueue<Data extends object>(queue: QueueDefinition<Data>, data: Data, priority = 0): Promise<string> {
    if (!this.#started) throw new Unavailable('postgres');
    try {
      const id = randomUUID();
      await this.#writerOf(queue.name).write({ id, data, priority });
      return id;
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      this.#log.error({ queue: queue.name, fault: describeFault(error) }, 'a job could not be written');
      throw new Unavailable('postgres', { cause: error });
    }
  }

  /** Writes the job in the caller's transaction. @throws Unavailable before the queue has started; else the fault. */
  async enqueueWithin<Data extends object>(
    transaction: EntityManager,
    queue: QueueDefinition<Data>,
    data: Data,
    { startAfterSeconds = 0 } = {},
  ): Promise<string> {
    if (!this.#started) throw new Unavailable('postgres');
    const options = { db: fromKysely(transaction.getKysely()), startAfter: startAfterSeconds };
    return accepted(await this.#boss.send(queue.name, data, options));
  }

  /** As `enqueueWithin`, but if a job with data like `like` still waits, that job gets the new data instead. */
  async enqueueOrRenewWithin<Data extends object>(
    transaction: EntityManager,
    queue: QueueDefinition<Data>,
    like: Partial<Data>,
    data: Data,
  ): Promise<void> {
    if (!this.#started) throw new Unavailable('postgres');
    if (await renewWaiting(transaction, this.#tables, queue, like, data)) return;
    await this.enqueueWithin(transaction, queue, data);
  }

  /**
   * Works on a queue in `slots` loops, each with one job at a time: a slow job delays no other, and no more jobs are
   * leased than can be worked on.
   */
  async work<Data extends object>(
    queue: QueueDefinition<Data>,
    slots: number,
    handle: (job: Job<Data>) => Promise<Settlement>,
  ): Promise<void> {
    for (let slot = 0; slot < slots; slot++) {
      const taking = queue.classes ? takingOf(slot) : 'highest';
      if (taking !== 'highest') {
        const isStopped = () => this.#stopped;
        const run = (job: JobWithMetadata<Data>) => this.#attempts.run(job, handle);
        const parts = { boss: this.#boss, tables: this.#tables, log: this.#log, isStopped };
        void takeByClass<Data>(parts, queue, taking, run);
        continue;
      }
      const workerId: string = await this.#boss.work<Data, unknown, typeof oneByOne>(
        queue.name,
        oneByOne,
        async (jobs) => {
          // Makes the loop look for the next job as soon as this one is settled, and not only at the next poll.
          this.#boss.notifyWorker(workerId);
          const wake = (ms: number) => void setTimeout(() => this.#boss.notifyWorker(workerId), ms).unref();
          return Promise.all(jobs.map((job) => this.#attempts.run(job, handle, wake)));
        },
      );
    }
  }

  /**
   * Ends the pause of jobs that wait for this (see `Settlement`), so that they are tried now. Best effort, never
   * rejects.
   *
   * @param newest at most this many jobs, the newest first, because they are least likely to be expired; all by
   * default.
   */
  async wake(waitsFor: string, newest?: number): Promise<void> {
    if (!this.#started) return;
    try {
      const count = await wakeJobs(this.#boss, this.#tables, waitsFor, newest);
      if (count > 0) this.#log.info({ part: 'jobs', reason: waitsFor, count }, 'jobs that waited are tried now');
    } catch (error) {
      this.#log.warn({ part: 'jobs', reason: waitsFor, fault: describeFault(error) }, 'waiting jobs keep their pause');
    }
  }

  /** Waiting, active and dead jobs of each queue, and the age of the oldest waiting one in seconds. */
  counts(queues: readonly { name: string }[]): Promise<Record<string, QueueCounts>> {
    return countJobs(this.#boss.getDb(), this.#tables, queues);
  }

  /** The data of the newest job with data like `like`, those that ended a day ago at most included. */
  dataOf<Data extends object>({ name }: QueueDefinition<Data>, like: Partial<Data>): Promise<Data | undefined> {
    return this.#tables.dataOf(this.#boss.getDb(), name, like) as Promise<Data | undefined>;
  }

  /** Takes over what waits for these queues in a queue of the last version. @returns how many. @throws its faults. */
  takeOver(schema: string, queues: readonly { name: string }[]): Promise<number> {
    return takeOver(this.#boss.getDb(), new QueueTables(schema), this.#tables, queues);
  }

  /** Erases finished jobs and dead letters after their retention. @returns how many. */
  eraseFinished(): Promise<number> {
    return eraseFinished(this.#boss.getDb(), this.#tables);
  }

  /** Takes no new jobs, waits for active ones (at most `graceMs` milliseconds), and closes the connections. */
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

  /** Checks that every job became a row: pg-boss (12.35.0) inserts none, without an error, if its queue is missing. */
  async #insert(queue: string, jobs: JobInsert[]): Promise<void> {
    const ids = await this.#boss.insert(queue, jobs, { returnId: true });
    if (ids?.length !== jobs.length) throw new Error(`the job queue wrote ${ids?.length ?? 0} of ${jobs.length} jobs`);
  }

  async #startPatiently(): Promise<void> {
    for (let pause = 250; !this.#stopped; pause = Math.min(pause * 2, 5_000)) {
      try {
        await this.#boss.start();
        this.#onPool((this.#boss.getDb() as unknown as { pool: Pool }).pool);
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
}

function accepted(id: string | null): string {
  if (id === null) throw new Error('the job queue wrote nothing');
  return id;
}
