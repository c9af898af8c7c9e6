import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { describeFault, type Log } from '../observability/log.js';
import { queueSchema } from './queue/definition.js';

/**
 * Which of the waiting jobs a place takes: the oldest of the highest class, of any, or of the lowest that there is; or the
 * newest of the highest.
 */
export type Taking = 'highest' | 'oldest' | 'newest' | 'lowest';

/**
 * Of four places one takes the oldest job of any class and one the oldest of the lowest: a flood waits behind others, and
 * whoever is in the class of a flood, a carrier's NAT for instance, still gets on. One takes the newest: where a flood
 * comes from so many networks that it is of the highest class itself, who asks after it does not wait for all of it.
 */
const ofFour: readonly Taking[] = ['highest', 'oldest', 'newest', 'lowest'];

export function takingOf(slot: number): Taking {
  return ofFour[slot % ofFour.length] ?? 'highest';
}

/** The class that a place takes its next job from; undefined while nothing waits. One look into an index per class. */
async function classToTake(
  db: Db,
  queue: { readonly name: string; readonly classes?: readonly number[] },
  taking: Exclude<Taking, 'highest'>,
): Promise<number | undefined> {
  const order = taking === 'oldest' ? 'oldest.created_on, c.priority desc' : 'c.priority';
  const { rows } = await db.executeSql(
    `select c.priority from unnest($2::int[]) c (priority)
       cross join lateral (
         select j.created_on from ${queueSchema}.job j
          where j.name = $1 and j.priority = c.priority and j.state < 'active' and not j.blocked and j.start_after <= now()
          order by j.created_on limit 1) oldest
      order by ${order} limit 1`,
    [queue.name, queue.classes ?? [0]],
  );
  return (rows as { priority: number }[])[0]?.priority;
}

/**
 * Puts the newest job of the highest class that was not tried yet before all others, because the library takes the
 * oldest of a priority. One that was put there and is tried again later is of its class again.
 */
async function promoteNewest(
  db: Db,
  queue: { readonly name: string; readonly classes?: readonly number[] },
): Promise<number | undefined> {
  const highest = queue.classes?.[0] ?? 0;
  const { rows } = await db.executeSql(
    `with tried as (
       update ${queueSchema}.job set priority = $2
        where name = $1 and priority = $2 + 1 and state = 'retry' and not blocked),
     newest as (
       select id from ${queueSchema}.job
        where name = $1 and priority = $2 and state < 'active' and state = 'created' and not blocked and start_after <= now()
        order by created_on desc limit 1 for update skip locked)
     update ${queueSchema}.job j set priority = $2 + 1 from newest where j.name = $1 and j.id = newest.id returning j.id`,
    [queue.name, highest],
  );
  return rows.length > 0 ? highest + 1 : undefined;
}

/** One job at a time, each settled by itself. Seconds between two looks, without and with notifications. */
export const oneByOne = {
  perJobResults: true,
  includeMetadata: true,
  batchSize: 1,
  pollingIntervalSeconds: 1,
  notifyPollingIntervalSeconds: 5,
} as const;

/** Milliseconds after which a place looks again which class it should take from, if nothing came. */
const lookAgain = { class: 1_000, newest: 250, anything: 30_000 } as const;

/**
 * A place that does not take the highest class first. The library fetches highest first or from a fixed class, so each
 * job gets a loop of its own, that ends with it. Where nothing waits, the next job that comes is the right one.
 */
export async function takeByClass<Data extends object>(
  { boss, log, isStopped }: { boss: PgBoss; log: Log; isStopped: () => boolean },
  queue: { readonly name: string; readonly classes?: readonly number[] },
  taking: Exclude<Taking, 'highest'>,
  run: (job: JobWithMetadata<Data>) => Promise<JobResult>,
): Promise<void> {
  while (!isStopped()) {
    try {
      const isNewest = taking === 'newest';
      const priority = await (isNewest ? promoteNewest(boss.getDb(), queue) : classToTake(boss.getDb(), queue, taking));
      const range = priority === undefined ? {} : { minPriority: priority, maxPriority: priority };
      const patience = priority === undefined ? lookAgain.anything : lookAgain[isNewest ? 'newest' : 'class'];
      const idle = new AbortController();
      const options = { ...oneByOne, ...range };
      const id = await boss.work<Data, unknown, typeof options>(queue.name, options, async (jobs) => {
        idle.abort();
        return Promise.all(jobs.map(run));
      });
      await sleep(patience, undefined, { signal: idle.signal, ref: false }).catch(() => undefined);
      // Ends once a job that it has is settled.
      await boss.offWork(queue.name, { id, wait: true });
    } catch (error) {
      if (isStopped()) return;
      log.error({ part: 'jobs', fault: describeFault(error) }, 'job queue fault');
      await sleep(lookAgain.class, undefined, { ref: false });
    }
  }
}
