import type { EntityManager } from '@mikro-orm/postgresql';
import type { QueueDefinition } from './queue/definition.js';
import type { QueueTables } from './queue/tables.js';

/**
 * Gives a waiting job (before its first or its next attempt) new data, in the caller's transaction.
 *
 * Either this UPDATE locks the row first: workers skip the row until the commit and then read the new data. Or a worker
 * fetched the job first: this statement waits for that commit, sees an active job and changes nothing. So a job that
 * was changed is always worked on after the change.
 *
 * @param where members of the job's data that must be equal.
 * @returns whether there was such a job.
 */
export async function renewWaiting<Data extends object>(
  transaction: EntityManager,
  tables: QueueTables,
  queue: QueueDefinition<Data>,
  where: Partial<Data>,
  data: Data,
): Promise<boolean> {
  return tables.renew(transaction, queue.name, where, data);
}
