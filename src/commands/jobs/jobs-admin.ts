import type { EntityManager } from '@mikro-orm/postgresql';
import { type Db, fromKysely, PgBoss } from 'pg-boss';
import type { Audit } from '../../audit/audit.js';
import type { EventKind } from '../../audit/kinds.js';
import { QueueTables } from '../../jobs/queue/tables.js';
import { type DeadLetter, type JobRow, JobRows, type JobState } from './job-rows.js';
import { addressIn, maskAddresses, parseId, table } from './job-text.js';

/** Why a command could not do its work; the message is for the operator. */
export class JobsFailure extends Error {
  override name = 'JobsFailure';
}

export interface JobsAdminDeps {
  readonly orm: { readonly em: EntityManager };
  readonly audit: Pick<Audit, 'record'>;
  /** The schema of the job queue. */
  readonly schema: string;
  readonly terminal: Record<'out' | 'err', { write(text: string): unknown }>;
}

/** Which dead letters: those with these ids, or all (of one queue, if given). */
export interface Selection {
  readonly ids: readonly string[];
  readonly allDead?: boolean;
  readonly queue?: string;
}

/**
 * Retries or discards dead letters of one queue.
 *
 * @returns a function that gives the id of the new job, if there is one.
 */
type Settle = (
  transaction: EntityManager,
  deadLetterQueue: string,
  letters: readonly DeadLetter[],
) => Promise<(letter: DeadLetter) => { newJobId?: string }>;
type Settled = DeadLetter & { readonly newJobId?: string };

/** Dead letters in one transaction: few enough to end long before the database's timeouts. */
const batchSize = 100;

/** What an operator does with jobs. Throws `JobsFailure` with a message for the operator, or the database's error. */
export class JobsAdmin {
  readonly #tables: QueueTables;
  readonly #rows: JobRows;
  readonly #boss: PgBoss;

  constructor(private readonly deps: JobsAdminDeps) {
    const db = sqlOf(deps.orm.em.fork());
    this.#tables = new QueueTables(deps.schema);
    this.#rows = new JobRows(db, this.#tables);
    const passive = { migrate: false, createSchema: false, supervise: false, schedule: false } as const;
    this.#boss = new PgBoss({ db, schema: deps.schema, ...passive });
    // Without a listener for `error` an emitter throws; each such fault also makes the call fail.
    this.#boss.on('error', () => undefined);
  }

  async count({ json }: { json?: boolean }): Promise<void> {
    const figures = await this.#rows.figures();
    this.#print(
      json
        ? JSON.stringify(figures)
        : table(figures.map(({ oldestWaitingSeconds, ...rest }) => ({ ...rest, 'oldest (s)': oldestWaitingSeconds }))),
    );
  }

  async list(options: { queue?: string; state?: JobState; limit: number; json?: boolean }): Promise<void> {
    await this.#checkQueue(options.queue);
    const jobs = (await this.#rows.list(options)).map((job) => {
      const { id, queue, state, attempts, created, nextAttempt, result } = job;
      return { id, queue, state, attempts, created, nextAttempt, result, address: addressIn(job.data) };
    });
    if (options.json) return this.#print(JSON.stringify(jobs));
    this.#print(jobs.length === 0 ? 'no jobs' : table(jobs));
  }

  /** Prints one job with its data, by default with masked addresses. @throws JobsFailure when there is no such job. */
  async show(id: string, { address, json }: { address?: boolean; json?: boolean }): Promise<void> {
    const found = await this.#rows.find(idOf(id));
    if (!found) throw new JobsFailure('no such job; what is done is kept for a day');
    const job = address ? found : (maskAddresses(found) as JobRow);
    if (json) return this.#print(JSON.stringify(job));
    const { data, output, ...fields } = job;
    const parts = (name: string, value: unknown) =>
      Object.entries(value ?? {}).map(([key, each]) => [`${name}.${key}`, each]);
    for (const [name, value] of [...Object.entries(fields), ...parts('data', data), ...parts('output', output)]) {
      const text = typeof value === 'object' ? (value === null ? 'none' : JSON.stringify(value)) : value;
      this.#print(`${String(name).padEnd(20)} ${text}`);
    }
  }

  /**
   * Puts dead letters back into their queues.
   *
   * @returns the exit code: 1 when an id was not that of a dead letter.
   * @throws JobsFailure when the selection makes no sense, or a dead letter cannot be moved.
   */
  retry(selection: Selection): Promise<number> {
    return this.#settle(selection, 'retried', async (transaction, deadLetterQueue, letters) => {
      const db = sqlOf(transaction);
      const ids = letters.map(({ id }) => id);
      const moved = await this.#boss.redrive(deadLetterQueue, { ids, limit: ids.length, db });
      // pg-boss makes new jobs with the present time. The original time decides whether a request is too old, or older
      // than a change of the password, so it is restored in the same transaction.
      const newIds = await this.#tables.restoreTimes(db, letters);
      if (moved !== ids.length || newIds.size !== ids.length)
        throw new JobsFailure('a dead letter could not be put back');
      return (letter) => ({ newJobId: newIds.get(letter.root) ?? '' });
    });
  }

  /**
   * Deletes dead letters.
   *
   * @returns the exit code, as `retry` does.
   * @throws JobsFailure when the selection makes no sense.
   */
  async discard({ yes, ...selection }: Selection & { yes?: boolean }): Promise<number> {
    if (selection.allDead && !yes) throw new JobsFailure('discarding all dead letters needs --yes');
    return this.#settle(selection, 'discarded', async (transaction, deadLetterQueue, letters) => {
      const ids = letters.map(({ id }) => id);
      await this.#boss.deleteJob(deadLetterQueue, ids, { db: sqlOf(transaction) });
      return () => ({});
    });
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }

  async #settle(
    { ids: given, allDead, queue }: Selection,
    verb: 'retried' | 'discarded',
    settle: Settle,
  ): Promise<number> {
    if (given.length === 0 && !allDead) throw new JobsFailure('give the ids of dead letters, or --all-dead');
    if (given.length > 0 && (allDead || queue))
      throw new JobsFailure('--all-dead and --queue cannot be combined with ids');
    await this.#checkQueue(queue);
    const ids = allDead ? await this.#rows.deadIds(queue) : [...new Set(given.map(idOf))];
    await this.#startQueue();
    const settled: Settled[] = [];
    try {
      for (let first = 0; first < ids.length; first += batchSize) {
        const batch = ids.slice(first, first + batchSize);
        settled.push(...(await this.#transaction(batch, settle, `job.${verb}`)));
      }
    } catch (error) {
      if (settled.length > 0) this.#print(`${verb} ${settled.length}, then stopped`);
      throw error;
    }
    this.#print(`${verb} ${settled.length}`);
    for (const { id, newJobId } of allDead ? [] : settled) if (newJobId) this.#print(`${id} is ${newJobId} now`);
    const known = new Set(settled.flatMap(({ id, diedAs }) => [id, diedAs]));
    const others = allDead ? [] : ids.filter((id) => !known.has(id));
    for (const id of others) this.deps.terminal.err.write(`latchkey: not dead: ${id}\n`);
    return others.length > 0 ? 1 : 0;
  }

  #transaction(ids: readonly string[], settle: Settle, kind: EventKind): Promise<Settled[]> {
    return this.deps.orm.em.fork().transactional(async (transaction) => {
      const settled: Settled[] = [];
      const letters = await new JobRows(sqlOf(transaction), this.#tables).lockDead(ids);
      for (const name of new Set(letters.map(({ deadLetterQueue }) => deadLetterQueue))) {
        const ofQueue = letters.filter(({ deadLetterQueue }) => deadLetterQueue === name);
        const more = await settle(transaction, name, ofQueue);
        for (const letter of ofQueue) {
          const made = more(letter);
          const detail = { jobId: letter.id, queue: letter.queue, ...made };
          await this.deps.audit.record(transaction, { kind, origin: 'command line', detail });
          settled.push({ ...letter, ...made });
        }
      }
      return settled;
    });
  }

  async #startQueue(): Promise<void> {
    await this.#boss.start().catch((error: unknown) => {
      // Errors of pg-boss itself have no code; errors of the database do.
      if (error instanceof Error && !('code' in error)) {
        throw new JobsFailure('the job queue is not of this version: run `latchkey migrate`', { cause: error });
      }
      throw error;
    });
  }

  async #checkQueue(queue: string | undefined): Promise<void> {
    const queues = queue === undefined ? [] : await this.#rows.queues();
    if (queue !== undefined && !queues.includes(queue)) {
      throw new JobsFailure(`no such queue; there are ${queues.join(', ')}`);
    }
  }

  #print(text: string): void {
    this.deps.terminal.out.write(`${text}\n`);
  }
}

const sqlOf = (em: EntityManager): Db => fromKysely(em.getKysely());

function idOf(text: string): string {
  const id = parseId(text);
  if (!id) throw new JobsFailure('the id of a job is a UUID');
  return id;
}
