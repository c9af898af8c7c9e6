import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { describeFault, type Log } from '../observability/log.js';
import { classWaiting, liftNewest } from './queue/tables.js';

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

/**
 * Puts the newest job of the highest class that was not tried yet before all others, because the library takes the
 * oldest of a priority. One that was put there and is tried again later is of its class again.
 */
async function promoteNewest(db: Db, name: string, [highest = 0]: readonly number[]): Promise<number | undefined> {
  return (await liftNewest(db, name, highest)) ? highest + 1 : undefined;
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
      const { name, classes = [0] } = queue;
      const priority = await (taking === 'newest'
        ? promoteNewest(boss.getDb(), name, classes)
        : classWaiting(boss.getDb(), name, classes, taking));
      const range = priority === undefined ? {} : { minPriority: priority, maxPriority: priority };
      const patience = priority === undefined ? lookAgain.anything : lookAgain[taking === 'newest' ? taking : 'class'];
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
