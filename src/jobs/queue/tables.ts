import type { EntityManager } from '@mikro-orm/postgresql';
import type { Db, JobWithMetadata } from 'pg-boss';

const isWaiting = `state in ('created', 'retry')`;

export interface JobCount {
  readonly name: string;
  readonly waiting: number;
  readonly active: number;
  /** Age of the oldest waiting job in seconds. */
  readonly oldest: number;
}

/**
 * The tables of pg-boss (12.35.0) in one schema. No other file names them or their columns. These are only the statements
 * for which the library has no method. Before an upgrade of the library, compare its tables with this file.
 */
export class QueueTables {
  /** The table of jobs. */
  readonly job: string;
  /** SQL for lists of jobs: the queues with a queue for dead letters as `q`, and the jobs of both as `j`. */
  readonly queuesWithDeadLetters: string;
  readonly jobsOfQueues: string;

  /** @param schema without quotes, as pg-boss writes it. */
  constructor(readonly schema: string) {
    this.job = `${schema}.job`;
    this.queuesWithDeadLetters = `(select name, dead_letter from ${schema}.queue where dead_letter is not null) q`;
    this.jobsOfQueues = `${this.job} j on j.name in (q.name, q.dead_letter)`;
  }

  /** One row for each of these queues that has unfinished jobs. */
  async countsOf(db: Db, names: readonly string[]): Promise<JobCount[]> {
    const { rows } = await db.executeSql(
      `select name, count(*) filter (where ${isWaiting})::int as waiting,
              count(*) filter (where state = 'active')::int as active,
              coalesce(extract(epoch from now() - min(created_on) filter (where ${isWaiting})), 0)::float as oldest
         from ${this.job} where name = any($1) and state < 'completed' group by name`,
      [names],
    );
    return rows as JobCount[];
  }

  /** Erases up to `most` jobs after their retention; skips rows that another process is erasing. @returns how many. */
  async eraseKept(db: Db, most: number): Promise<number> {
    const { rows } = await db.executeSql(
      `delete from ${this.job} where (name, id) in (
         select name, id from ${this.job}
          where (deletion_seconds > 0 and completed_on + deletion_seconds * interval '1s' < now())
             or (state < 'active' and keep_until < now())
          limit ${most} for update skip locked) returning 1`,
    );
    return rows.length;
  }

  /** Puts a job back for an attempt in `seconds`. @returns false if this attempt lost its lease or no attempt is left. */
  async giveBackFor(
    db: Db,
    { name, id, retryCount }: JobWithMetadata<object>,
    seconds: number,
    output: object,
  ): Promise<boolean> {
    const { rows } = await db.executeSql(
      `update ${this.job} set state = 'retry', start_after = now() + make_interval(secs => $3), output = $4::jsonb
        where name = $1 and id = $2 and state = 'active' and retry_count = $5 and retry_count < retry_limit returning id`,
      [name, id, seconds, JSON.stringify(output), retryCount],
    );
    return rows.length > 0;
  }

  /** Replaces the data of a waiting job of this queue whose data contains `like`. @returns whether there was one. */
  async renew(transaction: EntityManager, name: string, like: object, data: object): Promise<boolean> {
    const rows = await transaction.execute<unknown[]>(
      `update ${this.job} set data = ?::jsonb where name = ? and state < 'active' and data @> ?::jsonb returning id`,
      [JSON.stringify(data), name, JSON.stringify(like)],
    );
    return rows.length > 0;
  }

  /** The data of the newest job of this queue, whatever its state, whose data contains `like`. */
  async dataOf(db: Db, name: string, like: object): Promise<object | undefined> {
    const { rows } = await db.executeSql(
      `select data from ${this.job} where name = $1 and data @> $2::jsonb order by created_on desc limit 1`,
      [name, JSON.stringify(like)],
    );
    return (rows as { data: object }[])[0]?.data;
  }

  /** Ends the pause of at most `most` jobs whose last attempt had this `waitsFor`, the newest first. */
  async endPauses(db: Db, waitsFor: string, most: number): Promise<{ name: string; id: string }[]> {
    const { rows } = await db.executeSql(
      `update ${this.job} j set start_after = now()
         from (select name, id from ${this.job}
                where state = 'retry' and not blocked and start_after > now() and output ->> 'waitsFor' = $1
                order by created_on desc limit $2 for update skip locked) waiting
        where j.name = waiting.name and j.id = waiting.id and j.state = 'retry' returning j.name, j.id`,
      [waitsFor, most],
    );
    return rows as { name: string; id: string }[];
  }

  /** The class with the oldest waiting job, or the lowest class with a waiting job. One index look-up per class. */
  async classWaiting(
    db: Db,
    name: string,
    classes: readonly number[],
    first: 'oldest' | 'lowest',
  ): Promise<number | undefined> {
    const { rows } = await db.executeSql(
      `select c.priority from unnest($2::int[]) c (priority)
         cross join lateral (
           select j.created_on from ${this.job} j
            where j.name = $1 and j.priority = c.priority and j.state < 'active' and not j.blocked and j.start_after <= now()
            order by j.created_on limit 1) oldest
        order by ${first === 'oldest' ? 'oldest.created_on, c.priority desc' : 'c.priority'} limit 1`,
      [name, classes],
    );
    return (rows as { priority: number }[])[0]?.priority;
  }

  /**
   * Raises the newest untried job of this class to the priority above. Jobs that were raised before and wait for a retry
   * go back to the class.
   *
   * @returns whether there was an untried job.
   */
  async liftNewest(db: Db, name: string, priority: number): Promise<boolean> {
    const { rows } = await db.executeSql(
      `with tried as (
         update ${this.job} set priority = $2
          where name = $1 and priority = $2 + 1 and state = 'retry' and not blocked),
       newest as (
         select id from ${this.job}
          where name = $1 and priority = $2 and state < 'active' and state = 'created' and not blocked and start_after <= now()
          order by created_on desc limit 1 for update skip locked)
       update ${this.job} j set priority = $2 + 1 from newest where j.name = $1 and j.id = newest.id returning j.id`,
      [name, priority],
    );
    return rows.length > 0;
  }

  /**
   * Gives jobs that replace dead letters the creation time of the first job of their chain.
   *
   * @returns new ids by first id.
   */
  async restoreTimes(
    db: Db,
    letters: readonly { readonly queue: string; readonly root: string; readonly created: string }[],
  ): Promise<Map<string, string>> {
    const { rows } = await db.executeSql(
      `update ${this.job} j set created_on = letter.created
         from unnest($1::text[], $2::uuid[], $3::timestamptz[]) letter (queue, root, created)
        where j.name = letter.queue and j.source_root_id = letter.root and j.state = 'created'
      returning j.id, j.source_root_id as root`,
      [letters.map(({ queue }) => queue), letters.map(({ root }) => root), letters.map(({ created }) => created)],
    );
    return new Map((rows as { id: string; root: string }[]).map(({ id, root }) => [root, id]));
  }
}
