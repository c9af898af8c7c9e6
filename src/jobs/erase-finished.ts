import type { Db } from 'pg-boss';
import { eraseInParts } from '../stores/postgres/erase-in-parts.js';
import { eraseKept } from './queue/tables.js';

/**
 * Erases the jobs that were kept long enough, in parts that end in time. pg-boss (12.35.0) does so, too, but in one
 * statement, which runs into its time-out again and again once there are too many (after a flood, or a day without a worker).
 * Rows that it is just erasing are passed over.
 */
export async function eraseFinished(db: Db): Promise<number> {
  return eraseInParts((most) => eraseKept(db, most));
}
