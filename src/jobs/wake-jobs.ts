import type { PgBoss } from 'pg-boss';
import { endPauses } from './queue/tables.js';

/** Few enough for one statement to end in time. */
const together = 1_000;

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
  let total = 0;
  for (let count = together; count === together && total < newest; total += count) {
    const woken = await endPauses(boss.getDb(), waitsFor, Math.min(together, newest));
    count = woken.length;
    for (const { name, id } of woken) bells.set(name, id);
  }
  await Promise.all([...bells].map(([name, id]) => boss.update(name, undefined, { id, startAfter: 0 })));
  return total;
}
