import type { Db } from 'pg-boss';
import { deadLetterQueue } from './definition.js';
import type { QueueTables } from './tables.js';

/** Where the job queue was before it had a schema of its own. An app that uses pg-boss itself may have its queue there. */
export const formerQueueSchema = 'pgboss';

/** Jobs in one statement: few enough for it to end before its timeout. */
const together = 500;

type Queues = readonly { readonly name: string }[];
const namesOf = (queues: Queues) => queues.flatMap(({ name }) => [name, deadLetterQueue(name)]);

const leaseIsOver = `(started_on + expire_seconds * interval '1 s' < now()
                      or heartbeat_on + heartbeat_seconds * interval '1 s' < now())`;

/**
 * Moves jobs of these queues, dead letters included, out of a queue of the last version: those that wait, and those
 * whose worker lost its lease. They keep their id, times, priority and counts. What another process holds comes later.
 *
 * @param from the schema of that queue. Nothing else in it is read or changed.
 * @returns how many.
 * @throws the fault of the database; then the jobs of one statement were not moved.
 */
export async function takeOver(db: Db, from: QueueTables, to: QueueTables, queues: Queues): Promise<number> {
  const statement = moving(from, to, await columnsOfBoth(db, from, to));
  let all = 0;
  for (let count = together; count === together; all += count) {
    const { rows } = await db.executeSql(statement, [namesOf(queues)]);
    count = (rows as { count: number }[])[0]?.count ?? 0;
  }
  return all;
}

function moving(from: QueueTables, to: QueueTables, columns: readonly string[]): string {
  const value: Record<string, string> = {
    state: `(case state::text when 'active' then 'retry' else state::text end)::${to.schema}.job_state`,
    start_after: `case state::text when 'active' then now() else start_after end`,
  };
  return `with waiting as (
       select name, id from ${from.job}
        where name = any ($1) and (state in ('created', 'retry') or state = 'active' and ${leaseIsOver})
        order by priority desc, created_on limit ${together} for update skip locked),
     gone as (
       delete from ${from.job} j using waiting where j.name = waiting.name and j.id = waiting.id returning j.*),
     taken as (
       insert into ${to.job} (${columns.join(', ')})
       select ${columns.map((column) => value[column] ?? column).join(', ')} from gone on conflict do nothing)
     select count(*)::int as count from gone`;
}

/** How many jobs of these queues are not finished there. @throws the fault of the database */
export async function leftIn(db: Db, from: QueueTables, queues: Queues): Promise<number> {
  return (await from.countsOf(db, namesOf(queues))).reduce((sum, { waiting, active }) => sum + waiting + active, 0);
}

/** The last version may have had another version of pg-boss, with fewer columns. */
async function columnsOfBoth(db: Db, from: QueueTables, to: QueueTables): Promise<string[]> {
  const { rows } = await db.executeSql(
    `select attname as name from pg_attribute
      where attrelid in (to_regclass($1), to_regclass($2)) and attnum > 0 and not attisdropped
      group by attname having count(*) = 2`,
    [from.job, to.job],
  );
  return (rows as { name: string }[]).map(({ name }) => name);
}
