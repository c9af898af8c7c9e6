import type { Db } from 'pg-boss';
import { deadLetterQueue } from './definition.js';
import type { QueueTables } from './tables.js';

export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly dead: number;
  readonly oldestSeconds: number;
}

/** Counts of jobs per queue, in one statement; dead letters are counted for the queue that they came from. */
export async function countJobs(
  db: Db,
  tables: QueueTables,
  queues: readonly { name: string }[],
): Promise<Record<string, QueueCounts>> {
  const counts = await tables.countsOf(
    db,
    queues.flatMap(({ name }) => [name, deadLetterQueue(name)]),
  );
  const byName = new Map(counts.map((count) => [count.name, count]));
  const figuresOf = (name: string): QueueCounts => ({
    waiting: byName.get(name)?.waiting ?? 0,
    active: byName.get(name)?.active ?? 0,
    dead: byName.get(deadLetterQueue(name))?.waiting ?? 0,
    oldestSeconds: byName.get(name)?.oldest ?? 0,
  });
  return Object.fromEntries(queues.map(({ name }) => [name, figuresOf(name)]));
}
