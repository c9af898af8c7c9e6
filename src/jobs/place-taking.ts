import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { describeFault, type Log } from '../observability/log.js';
import type { QueueTables } from './queue/tables.js';

/**
 * Which waiting job a slot takes: the oldest of the highest class that has one (`highest`), of all classes (`oldest`),
 * or of the lowest class that has one (`lowest`); or the newest of the highest class (`newest`).
 */
export type Taking = 'highest' | 'oldest' | 'newest' | 'lowest';

/**
 * Of four slots one takes the oldest job of any class and one the oldest of the lowest class, so that people in the
 * class of a flood (behind a carrier's NAT, for instance) are served, too. One takes the newest: if a flood comes from
 * so many networks that it is in the highest class, later requests do not wait for all of it.
 */
const ofFour: readonly Taking[] = ['highest', 'oldest', 'newest', 'lowest'];

/** What the slot with this number (from 0) takes. */
export function takingOf(slot: number): Taking {
  return ofFour[slot % ofFour.length] ?? 'highest';
}

/**
 * Raises the priority of the newest untried job of the highest class, because the library takes the oldest job of a
 * priority. For its retry the job goes back to its class. @returns the raised priority, or undefined without such a
 * job.
 */
async function promoteNewest(
  db: Db,
  tables: QueueTables,
  name: string,
  [highest = 0]: readonly number[],
): Promise<number | undefined> {
  return (await tables.liftNewest(db, name, highest)) ? highest + 1 : undefined;
}

/** Options of pg-boss: one job at a time, settled on its own; seconds between polls, without and with notifications. */
export const oneByOne = {
  perJobResults: true,
  includeMetadata: true,
  batchSize: 1,
  pollingIntervalSeconds: 1,
  notifyPollingIntervalSeconds: 5,
} as const;

/** Milliseconds without a job after which a slot chooses its class again. */
const lookAgain = { class: 1_000, newest: 250, anything: 30_000 } as const;

/**
 * The loop of a slot that does not take the highest class first. The library fetches the highest class first or a
 * fixed one, so each job gets a pg-boss worker of its own, which ends with the job. If no job waits, the next job of
 * any class is right. Never rejects.
 */
export async function takeByClass<Data extends object>(
  { boss, tables, log, isStopped }: { boss: PgBoss; tables: QueueTables; log: Log; isStopped: () => boolean },
  queue: { readonly name: string; readonly classes?: readonly number[] },
  taking: Exclude<Taking, 'highest'>,
  run: (job: JobWithMetadata<Data>) => Promise<JobResult>,
): Promise<void> {
  while (!isStopped()) {
    try {
      const { name, classes = [0] } = queue;
      const priority = await (taking === 'newest'
        ? promoteNewest(boss.getDb(), tables, name, classes)
        : tables.classWaiting(boss.getDb(), name, classes, taking));
      const range = priority === undefined ? {} : { minPriority: priority, maxPriority: priority };
      const patience = priority === undefined ? lookAgain.anything : lookAgain[taking === 'newest' ? taking : 'class'];
      const idle = new AbortController();
      const options = { ...oneByOne, ...range };
      const id = await boss.work<Data, unknown, typeof options>(queue.name, options, async (jobs) => {
        idle.abort();
        return Promise.all(jobs.map(run));
      });
      await sleep(patience, undefined, { signal: idle.signal, ref: false }).catch(() => undefined);
      // Waits until the job of this worker, if there is one, is settled.
      await boss.offWork(queue.name, { id, wait: true });
    } catch (error) {
      if (isStopped()) return;
      log.error({ part: 'jobs', fault: describeFault(error) }, 'job queue fault');
      await sleep(lookAgain.class, undefined, { ref: false });
    }
  }
}
