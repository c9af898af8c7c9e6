import type { EntityManager } from '@mikro-orm/postgresql';
import { fromKysely, type JobResult, type JobWithMetadata, PgBoss } from 'pg-boss';
import { Unavailable } from '../errors.js';
import { describeFault, type Log } from '../log.js';

/** A queue by name, with the shape of its jobs' data. Names are part of what is stored: never rename one. */
export interface QueueDefinition<Data extends object> {
  readonly name: string;
  /** Never read; ties the data's type to the definition. */
  readonly data?: Data;
}

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

/** Seconds. */
export const jobTiming = {
  /** A worker that sends no heartbeat for this long has lost its jobs. */
  heartbeat: 30,
  /** The lease: longer than every time-out that one attempt may run into, asserted at start. */
  lease: 120,
  /** How often lost leases are looked for. */
  monitor: 5,
  /** Finished rows are erased after a day. */
  keepFinished: 86_400,
  keepDead: 14 * 86_400,
  /** First, and longest, pause between attempts; doubles in between, with jitter. */
  retryFirst: 5,
  retryLongest: 300,
} as const;

/** A job is given up by its handler's deadline, not by a count; this count is only the last resort (about 7 days). */
const retryLimit = 2_000;
const schema = 'pgboss';
export const deadLetterQueue = (name: string) => `${name}-dead`;

export interface JobQueueOptions {
  /** `pg` options: connection string, time-outs. */
  readonly connection: { connectionString: string; connectionTimeoutMillis: number };
  readonly poolSize: number;
  readonly log: Log;
  /** A worker process listens for new jobs and watches over leases; a producer only writes. */
  readonly worker: boolean;
}

/** Durable jobs in PostgreSQL (pg-boss): written in the caller's transaction or by themselves, settled one by one. */
export class JobQueue {
  readonly #boss: PgBoss;
  readonly #log: Log;
  readonly #worker: boolean;
  #starting: Promise<void> | undefined;
  #started = false;
  #stopped = false;

  constructor(options: JobQueueOptions) {
    this.#log = options.log;
    this.#worker = options.worker;
    this.#boss = new PgBoss({
      ...options.connection,
      application_name: options.worker ? 'latchkey worker jobs' : 'latchkey jobs',
      max: options.poolSize,
      schema,
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
      return accepted(await this.#boss.send(queue.name, data));
    } catch (error) {
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

  /** Jobs that wait, are at work, or are dead, per queue. */
  async counts(
    queues: readonly QueueDefinition<object>[],
  ): Promise<Record<string, { waiting: number; active: number; dead: number }>> {
    const rows = await this.#boss.getDb().executeSql(
      `select name, count(*) filter (where state in ('created', 'retry'))::int as waiting,
              count(*) filter (where state = 'active')::int as active
         from ${schema}.job where name = any($1) and state < 'completed' group by name`,
      [queues.flatMap(({ name }) => [name, deadLetterQueue(name)])],
    );
    const byName = new Map(rows.rows.map((row: { name: string; waiting: number; active: number }) => [row.name, row]));
    return Object.fromEntries(
      queues.map(({ name }) => [
        name,
        {
          waiting: byName.get(name)?.waiting ?? 0,
          active: byName.get(name)?.active ?? 0,
          dead: byName.get(deadLetterQueue(name))?.waiting ?? 0,
        },
      ]),
    );
  }

  /** Takes no new job, lets those at work end (at most `graceMs` milliseconds), closes the connections. */
  async stop(graceMs = 30_000): Promise<void> {
    this.#stopped = true;
    await this.#starting;
    this.#started = false;
    await this.#boss.stop({ graceful: true, close: true, timeout: graceMs });
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
        this.#log.info({ ...fields, outcome: settlement.outcome }, 'job done');
        return { id: job.id, status: 'completed', output: { outcome: settlement.outcome } };
      }
      const status = settlement.settle === 'dead' ? 'deadletter' : 'failed';
      this.#log.warn({ ...fields, outcome: settlement.settle, reason: settlement.reason }, 'job not done');
      return { id: job.id, status, output: { reason: settlement.reason } };
    } catch (error) {
      const fault = describeFault(error);
      this.#log.error({ ...fields, outcome: 'retry', fault }, 'job failed');
      return { id: job.id, status: 'failed', output: { reason: 'fault', fault } };
    }
  }
}

/** Makes or upgrades the queue's own tables and makes the queues; only `latchkey migrate` calls this. */
export async function migrateJobs(connectionString: string, queues: readonly QueueDefinition<object>[]): Promise<void> {
  const boss = new PgBoss({
    connectionString,
    schema,
    migrate: true,
    createSchema: true,
    supervise: false,
    schedule: false,
    max: 2,
  });
  boss.on('error', () => undefined);
  try {
    await boss.start();
    for (const { name } of queues) {
      const dead = deadLetterQueue(name);
      const keep = { retentionSeconds: jobTiming.keepDead };
      await createOrUpdate(boss, dead, { ...keep, deleteAfterSeconds: jobTiming.keepFinished });
      await createOrUpdate(boss, name, {
        ...keep,
        deadLetter: dead,
        notify: true,
        retryLimit,
        retryDelay: jobTiming.retryFirst,
        retryBackoff: true,
        retryDelayMax: jobTiming.retryLongest,
        expireInSeconds: jobTiming.lease,
        heartbeatSeconds: jobTiming.heartbeat,
        deleteAfterSeconds: jobTiming.keepFinished,
      });
    }
  } finally {
    await boss.stop({ graceful: false, close: true });
  }
}

/** The version of the queue's tables, and whether they are what this code needs. */
export async function jobsMigrationStatus(connectionString: string, queues: readonly QueueDefinition<object>[]) {
  const boss = new PgBoss({
    connectionString,
    schema,
    migrate: false,
    createSchema: false,
    supervise: false,
    schedule: false,
    max: 1,
  });
  boss.on('error', () => undefined);
  try {
    await boss.start();
    const present = new Set((await boss.getQueues()).map(({ name }) => name));
    const missing = queues.flatMap(({ name }) => [name, deadLetterQueue(name)]).filter((name) => !present.has(name));
    return { version: await boss.schemaVersion(), current: missing.length === 0 };
  } catch {
    return { version: null, current: false };
  } finally {
    await boss.stop({ graceful: false, close: true }).catch(() => undefined);
  }
}

async function createOrUpdate(
  boss: PgBoss,
  name: string,
  options: Parameters<PgBoss['createQueue']>[1],
): Promise<void> {
  if (await boss.getQueue(name)) await boss.updateQueue(name, options);
  else await boss.createQueue(name, options);
}

function accepted(id: string | null): string {
  if (id === null) throw new Error('the job queue wrote nothing');
  return id;
}
