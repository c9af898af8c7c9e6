import type { Db } from 'pg-boss';
import { queueSchema } from './queue-definition.js';

/** Few enough for one statement to end in time. */
const atOnce = 1_000;

/**
 * Ends the pause of jobs whose last attempt said that it waits for this.
 *
 * @param newest only so many, of those that are least likely to be too late by now; all by default.
 * @returns how many.
 */
export async function hurryJobs(db: Db, waitsFor: string, newest = Number.POSITIVE_INFINITY): Promise<number> {
  let hurried = 0;
  for (let count = atOnce; count === atOnce && hurried < newest; hurried += count) {
    const { rows } = await db.executeSql(
      `update ${queueSchema}.job j set start_after = now()
         from (select name, id from ${queueSchema}.job
                where state = 'retry' and start_after > now() and output ->> 'waitsFor' = $1
                order by created_on desc limit $2 for update skip locked) waiting
        where j.name = waiting.name and j.id = waiting.id and j.state = 'retry' returning 1`,
      [waitsFor, Math.min(atOnce, newest)],
    );
    count = rows.length;
  }
  return hurried;
}
