import { JobQueue } from '../jobs/job-queue.js';
import type { JobQueueOptions } from '../jobs/queue/options.js';
import type { Settings } from '../settings/settings.js';
import { databaseLine, guardPool, poolOptions } from '../stores/postgres/pool.js';

/**
 * Opens the job queue with its own pool. If `DATABASE_DIRECT_URL` is set, LISTEN uses it, because it does not work
 * through a pooler in transaction mode.
 */
export function openJobQueue(
  { database }: Settings,
  parts: Omit<JobQueueOptions, 'connection' | 'direct' | 'onPool' | 'poolSize' | 'schema'>,
): JobQueue {
  const name = parts.worker ? 'latchkey worker jobs' : 'latchkey jobs';
  const connection = { ...databaseLine(database.url, name), ...poolOptions };
  const { directUrl, queuePool: poolSize, schemas } = database;
  const direct = directUrl === undefined ? undefined : databaseLine(directUrl, 'latchkey worker listens');
  return new JobQueue({
    connection,
    direct,
    schema: schemas.jobs,
    poolSize,
    onPool: guardPool('DATABASE_QUEUE_POOL'),
    ...parts,
  });
}
