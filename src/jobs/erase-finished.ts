import type { Db } from 'pg-boss';
import { eraseInParts } from '../stores/postgres/erase-in-parts.js';
import { queueSchema } from './queue/definition.js';

/**
 * Erases the jobs that were kept long enough, in parts that end in time. pg-boss (12.35.0) does so, too, but in one
 * statement, which runs into its time-out again and again once there are too many (after a flood, or a day without a worker).
 * Rows that it is just erasing are passed over.
 */
export async function eraseFinished(db: Db): Promise<number> {
  const old = (most: number) => `select name, id from ${queueSchema}.job
    where (deletion_seconds > 0 and completed_on + deletion_seconds * interval '1s' < now())
       or (state < 'active' and keep_until < now())
    limit ${most} for update skip locked`;
  return eraseInParts(async (most) => {
    const statement = `delete from ${queueSchema}.job where (name, id) in (${old(most)}) returning 1`;
    return (await db.executeSql(statement)).rows.length;
  });
}
