import type { Db } from 'pg-boss';
import { queueSchema } from './queue/definition.js';

const erasedTogether = 5_000;

/**
 * Erases the jobs that were kept long enough, in parts that end in time. pg-boss does so, too, but in one statement,
 * which runs into its time-out again and again once there are too many (after a flood, or a day without a worker).
 * Rows that it is just erasing are passed over.
 */
export async function eraseFinished(db: Db): Promise<number> {
  const old = `select name, id from ${queueSchema}.job
    where (deletion_seconds > 0 and completed_on + deletion_seconds * interval '1s' < now())
       or (state < 'active' and keep_until < now())
    limit ${erasedTogether} for update skip locked`;
  let erased = 0;
  for (let count = erasedTogether; count === erasedTogether; erased += count) {
    const { rows } = await db.executeSql(`delete from ${queueSchema}.job where (name, id) in (${old}) returning 1`);
    count = rows.length;
  }
  return erased;
}
