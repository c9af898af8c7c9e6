import type { PgBoss } from 'pg-boss';
import type { QueueTables } from './queue/tables.js';

/** Jobs in one statement: few enough for it to end before its timeout. */
const together = 1_000;

/**
 * Ends the pause of the jobs whose last attempt had this `waitsFor`, and wakes the workers of every process. If only
 * this process looked, it would take all these jobs, even where another process could work on them and it could not.
 *
 * @param newest at most this many jobs, the newest first, because they are least likely to be expired; all by default.
 * @returns how many jobs.
 */
export async function wakeJobs(
  boss: PgBoss,
  tables: QueueTables,
  waitsFor: string,
  newest = Number.POSITIVE_INFINITY,
): Promise<number> {
  /** One job of each queue: updating it through pg-boss notifies every worker of the queue. */
  const bells = new Map<string, string>();
  let total = 0;
  for (let count = together; count === together && total < newest; total += count) {
    const woken = await tables.endPauses(boss.getDb(), waitsFor, Math.min(together, newest));
    count = woken.length;
    for (const { name, id } of woken) bells.set(name, id);
  }
  await Promise.all([...bells].map(([name, id]) => boss.update(name, undefined, { id, startAfter: 0 })));
  return total;
}
