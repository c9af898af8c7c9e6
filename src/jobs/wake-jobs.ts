import type { PgBoss } from 'pg-boss';
import { queueSchema } from './queue/definition.js';

/** Few enough for one statement to end in time. */
const atOnce = 1_000;

/**
 * Ends the pause of jobs whose last attempt said that it waits for this, and wakes the workers of every process: one
 * that took its own jobs again before others look would keep them from those that can work on them.
 *
 * @param newest only so many, of those that are least likely to be too late by now; all by default.
 * @returns how many.
 */
export async function wakeJobs(boss: PgBoss, waitsFor: string, newest = Number.POSITIVE_INFINITY): Promise<number> {
  /** One job of each queue: telling of it by the queue's own means wakes all. */
  const bells = new Map<string, string>();
  let hurried = 0;
  for (let count = atOnce; count === atOnce && hurried < newest; hurried += count) {
    const { rows } = await boss.getDb().executeSql(
      `update ${queueSchema}.job j set start_after = now()
         from (select name, id from ${queueSchema}.job
                where state = 'retry' and not blocked and start_after > now() and output ->> 'waitsFor' = $1
                order by created_on desc limit $2 for update skip locked) waiting
        where j.name = waiting.name and j.id = waiting.id and j.state = 'retry' returning j.name, j.id`,
      [waitsFor, Math.min(atOnce, newest)],
    );
    count = rows.length;
    for (const { name, id } of rows as { name: string; id: string }[]) bells.set(name, id);
  }
  await Promise.all([...bells].map(([name, id]) => boss.update(name, undefined, { id, startAfter: 0 })));
  return hurried;
}
