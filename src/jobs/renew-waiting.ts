import type { EntityManager } from '@mikro-orm/postgresql';
import type { QueueDefinition } from './queue/definition.js';
import { renew } from './queue/tables.js';

/**
 * Gives a job that still waits (for its first attempt or its next) new data, in the caller's transaction.
 *
 * Either this UPDATE locks the row first, and whoever fetches jobs passes over it until the commit and then reads the new
 * data; or the job was fetched first, and this sees it at work once that is committed and changes nothing. So a job that
 * was changed is always still to be worked on after the change.
 *
 * @param where members of the job's data that must be equal.
 * @returns whether there was one.
 */
export async function renewWaiting<Data extends object>(
  transaction: EntityManager,
  queue: QueueDefinition<Data>,
  where: Partial<Data>,
  data: Data,
): Promise<boolean> {
  return renew(transaction, queue.name, where, data);
}
