import { type DatabaseOptions, PgBoss } from 'pg-boss';
import { deadLetterQueue, jobTiming, type QueueDefinition, retryLimit } from './definition.js';

/**
 * Creates or upgrades the tables of pg-boss, and creates or updates the queues; only `latchkey migrate` calls this.
 *
 * @param schema exists already. pg-boss would ask for the right to make it even then.
 */
export async function migrateJobs(
  line: DatabaseOptions,
  schema: string,
  queues: readonly QueueDefinition<object>[],
): Promise<void> {
  const boss = new PgBoss({
    ...line,
    schema,
    migrate: true,
    createSchema: false,
    supervise: false,
    schedule: false,
    max: 2,
  });
  boss.on('error', () => undefined);
  try {
    await boss.start();
    for (const { name, retryLimit: most = retryLimit } of queues) {
      const dead = deadLetterQueue(name);
      const keep = { retentionSeconds: jobTiming.keepDead };
      await createOrUpdate(boss, dead, { ...keep, deleteAfterSeconds: jobTiming.keepFinished });
      await createOrUpdate(boss, name, {
        ...keep,
        deadLetter: dead,
        notify: true,
        retryLimit: most,
        retryDelay: jobTiming.retryFirst,
        retryBackoff: true,
        retryDelayMax: jobTiming.retryLongest,
        expireInSeconds: jobTiming.lease,
        heartbeatSeconds: jobTiming.heartbeat,
        deleteAfterSeconds: jobTiming.keepFinished,
      });
    }
  } finally {
    await boss.stop({ graceful: false, close: true });
  }
}

/**
 * The version of the tables of pg-boss, and whether all queues exist. Never throws: null and false if it cannot tell.
 */
export async function jobsMigrationStatus(
  line: DatabaseOptions,
  schema: string,
  queues: readonly QueueDefinition<object>[],
) {
  const boss = new PgBoss({
    ...line,
    schema,
    migrate: false,
    createSchema: false,
    supervise: false,
    schedule: false,
    max: 1,
  });
  boss.on('error', () => undefined);
  try {
    await boss.start();
    const present = new Set((await boss.getQueues()).map(({ name }) => name));
    const missing = queues.flatMap(({ name }) => [name, deadLetterQueue(name)]).filter((name) => !present.has(name));
    return { version: await boss.schemaVersion(), current: missing.length === 0 };
  } catch {
    return { version: null, current: false };
  } finally {
    await boss.stop({ graceful: false, close: true }).catch(() => undefined);
  }
}

async function createOrUpdate(
  boss: PgBoss,
  name: string,
  options: Parameters<PgBoss['createQueue']>[1],
): Promise<void> {
  if (await boss.getQueue(name)) await boss.updateQueue(name, options);
  else await boss.createQueue(name, options);
}
