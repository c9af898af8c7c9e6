import type { Db } from 'pg-boss';
import type { QueueTables } from '../../jobs/queue/tables.js';

export const jobStates = ['waiting', 'active', 'done', 'dead'] as const;
export type JobState = (typeof jobStates)[number];

export interface QueueFigures {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  readonly done: number;
  readonly dead: number;
  readonly oldestWaitingSeconds: number;
}

/** A job as an operator sees it. Times are ISO 8601, UTC, by the database's clock. */
export interface JobRow {
  readonly id: string;
  readonly queue: string;
  /** `failed`: the job died, and its dead letter was retried or discarded. */
  readonly state: JobState | 'failed';
  readonly attempts: number;
  /** When the job was made; for a dead letter, when the job that died was made. */
  readonly created: string;
  readonly nextAttempt: string | null;
  readonly ended: string | null;
  readonly kept: string | null;
  /** The outcome, or the reason of the last failure. */
  readonly result: string | null;
  /** For a dead letter: the id of the job that died. */
  readonly diedAs: string | null;
  readonly data: unknown;
  readonly output: unknown;
}

export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly deadLetterQueue: string;
  readonly diedAs: string | null;
  /** The first job of the chain: stays the same through every death and retry. */
  readonly root: string;
  readonly created: string;
}

const iso = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const isDead = `j.name = q.dead_letter and j.state < 'active'`;
const isWaiting = `j.name = q.name and j.state < 'active'`;
const state = `case when ${isDead} then 'dead' when ${isWaiting} then 'waiting' when j.state = 'active' then 'active'
                    when j.state = 'completed' then 'done' else 'failed' end`;
const output = `case when ${isDead} then j.source_output else j.output end`;
const columns = `
  j.id, q.name as queue, ${state} as state,
  case when ${isDead} then coalesce(j.source_retry_count, 0) + 1 when j.started_on is null then 0
       else j.retry_count + 1 end as attempts,
  ${iso(`case when ${isDead} then coalesce(j.source_created_on, j.created_on) else j.created_on end`)} as created,
  case when ${isWaiting} then ${iso('j.start_after')} end as "nextAttempt",
  ${iso(`case when ${isDead} then j.created_on else j.completed_on end`)} as ended,
  ${iso(`case when j.state < 'active' then j.keep_until else j.completed_on + j.deletion_seconds * interval '1 s' end`)} as kept,
  j.source_id as "diedAs", j.data, ${output} as output`;

/** Reads the tables of the job queue. Only queues with a dead letter queue are listed. */
export class JobRows {
  readonly #source: string;

  constructor(
    private readonly sql: Pick<Db, 'executeSql'>,
    private readonly tables: QueueTables,
  ) {
    this.#source = `${tables.queuesWithDeadLetters} join ${tables.jobsOfQueues}`;
  }

  async queues(): Promise<string[]> {
    return (
      await this.#rows<{ name: string }>(`select name from ${this.tables.queuesWithDeadLetters} order by name`)
    ).map(({ name }) => name);
  }

  figures(): Promise<QueueFigures[]> {
    return this.#rows(
      `select q.name as queue,
              (count(*) filter (where ${isWaiting}))::int as waiting,
              (count(*) filter (where j.name = q.name and j.state = 'active'))::int as active,
              (count(*) filter (where j.name = q.name and j.state = 'completed'))::int as done,
              (count(*) filter (where ${isDead}))::int as dead,
              coalesce(round(extract(epoch from now() - min(j.created_on) filter (where ${isWaiting}))), 0)::int
                as "oldestWaitingSeconds"
         from ${this.tables.queuesWithDeadLetters} left join ${this.tables.jobsOfQueues} group by q.name order by q.name`,
    );
  }

  /** Newest first. */
  async list(filter: { queue?: string; state?: JobState; limit: number }): Promise<JobRow[]> {
    const rows = await this.#rows<Omit<JobRow, 'result'>>(
      `select ${columns} from ${this.#source}
        where ($1::text is null or q.name = $1) and ${state} <> 'failed' and ($2::text is null or ${state} = $2)
        order by created desc, j.id limit $3`,
      [filter.queue ?? null, filter.state ?? null, filter.limit],
    );
    return rows.map(withResult);
  }

  /** Finds a job by its id, or a dead letter by the id of the job that died, because logs have that id. */
  async find(id: string): Promise<JobRow | undefined> {
    const rows = await this.#rows<Omit<JobRow, 'result'>>(
      `select ${columns} from ${this.#source} where j.id = $1 or (${isDead} and j.source_id = $1)
        order by ${isDead} desc limit 1`,
      [id],
    );
    return rows.map(withResult)[0];
  }

  async deadIds(queue?: string): Promise<string[]> {
    const rows = await this.#rows<{ id: string }>(
      `select j.id from ${this.#source} where ${isDead} and ($1::text is null or q.name = $1) order by j.created_on`,
      [queue ?? null],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * The dead letters with these ids (their own, or those of the jobs that died); their rows stay locked until the
   * transaction ends.
   */
  lockDead(ids: readonly string[]): Promise<DeadLetter[]> {
    return this.#rows(
      `select j.id, q.name as queue, j.name as "deadLetterQueue", j.source_id as "diedAs",
              coalesce(j.source_root_id, j.source_id) as root,
              coalesce(j.source_created_on, j.created_on)::text as created
         from ${this.#source}
        where ${isDead} and j.source_name = q.name and (j.id = any($1::uuid[]) or j.source_id = any($1::uuid[]))
        order by j.created_on for update of j skip locked`,
      [ids],
    );
  }

  async #rows<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.sql.executeSql(text, values)).rows;
  }
}

/** Our output is `{ outcome }` or `{ reason }`; for a lost lease pg-boss writes `{ value: { message } }`. */
function withResult(row: Omit<JobRow, 'result'>): JobRow {
  const { outcome, reason, value } = (row.output ?? {}) as Record<string, unknown>;
  const message = (value as { message?: unknown } | undefined)?.message;
  const result = [outcome, reason, message].find((each) => typeof each === 'string');
  return { ...row, result: typeof result === 'string' ? result : null };
}
