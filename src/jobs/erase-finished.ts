import type { Db } from 'pg-boss';
import { eraseInParts } from '../stores/postgres/erase-in-parts.js';
import type { QueueTables } from './queue/tables.js';

/**
 * Erases jobs after their retention, in batches that each end in time. pg-boss (12.35.0) erases them, too, but in one
 * statement, which times out every time once there are too many (after a flood, or a day without a worker). Rows that
 * pg-boss is erasing at the same time are skipped. @returns how many jobs.
 */
export async function eraseFinished(db: Db, tables: QueueTables): Promise<number> {
  return eraseInParts((most) => tables.eraseKept(db, most));
}
