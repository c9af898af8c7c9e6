import type { Db } from 'pg-boss';
import { deadLetterQueue, queueSchema } from './definition.js';

export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly dead: number;
  readonly oldestSeconds: number;
}

interface Row {
  readonly name: string;
  readonly waiting: number;
  readonly active: number;
  readonly oldest: number;
}

/** Jobs per queue, in one statement; dead letters stand under the queue that they came from. */
export async function countJobs(db: Db, queues: readonly { name: string }[]): Promise<Record<string, QueueCounts>> {
  const { rows } = await db.executeSql(
    `select name, count(*) filter (where state in ('created', 'retry'))::int as waiting,
            count(*) filter (where state = 'active')::int as active,
            coalesce(extract(epoch from now() - min(created_on) filter (where state in ('created', 'retry'))), 0)::float as oldest
       from ${queueSchema}.job where name = any($1) and state < 'completed' group by name`,
    [queues.flatMap(({ name }) => [name, deadLetterQueue(name)])],
  );
  const byName = new Map((rows as Row[]).map((row) => [row.name, row]));
  const countsOf = (name: string): QueueCounts => ({
    waiting: byName.get(name)?.waiting ?? 0,
    active: byName.get(name)?.active ?? 0,
    dead: byName.get(deadLetterQueue(name))?.waiting ?? 0,
    oldestSeconds: byName.get(name)?.oldest ?? 0,
  });
  return Object.fromEntries(queues.map(({ name }) => [name, countsOf(name)]));
}
