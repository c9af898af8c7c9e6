import { setTimeout as pause } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { jobsMigrationStatus, migrateJobs } from '../jobs/queue/schema.js';
import { type DataKeyCare, type DataKeyEnd, keepDataKey } from '../secrets/keep-data-key.js';
import { untilUnlocked } from '../stores/postgres/migrate-patiently.js';
import { databaseLine } from '../stores/postgres/pool.js';
import { buildAddressIndex } from './address-index.js';
import { openDatabase } from './database.js';
import { queues } from './queues.js';

/**
 * Brings our tables and the job queue's to this version, and the data key under the first secret. Safe to run again, and
 * beside itself.
 *
 * @throws DataKeyUnreadable, AddressIndexRefused
 */
export async function migrateUp(databaseUrl: string, care: DataKeyCare = { secrets: [] }): Promise<string[]> {
  const orm = openDatabase(databaseUrl, { poolSize: 2, forMigration: true });
  try {
    const { applied, key } = await oneAtATime(orm, async () => {
      await buildAddressIndex(orm.em);
      const applied = await untilUnlocked(() => orm.migrator.up());
      await migrateJobs(databaseLine(databaseUrl, 'latchkey migrate'), queues);
      return { applied, key: await keepDataKey(orm, care) };
    });
    const lines = applied.map(({ name }) => `applied ${name}`);
    return [
      ...lines,
      lines.length > 0 ? 'the database is at this version now' : 'the database was at this version already',
      // Who runs it again and again without SECRET has been told once.
      ...(key === 'missing' && lines.length === 0 ? [] : dataKeyWords[key]),
    ];
  } finally {
    await orm.close(true);
  }
}

const dataKeyWords: Readonly<Record<DataKeyEnd, readonly string[]>> = {
  kept: [],
  made: ['made the data key'],
  'sealed anew': ['encrypted the data key under the first value of SECRET'],
  missing: ['the data key is not made yet, because SECRET is not set here: run this again with it'],
};

/** Milliseconds from one look at the lock to the next. */
const lockPause = 200;

/**
 * Several machines that are rolled out at the same time would make the same tables; a lock of the transaction passes poolers too.
 * Who waits asks again and again: a statement that waits holds a snapshot, and an index that is built concurrently waits
 * for every snapshot that is older than it.
 */
async function oneAtATime<T>(orm: MikroORM, work: () => Promise<T>): Promise<T> {
  const lock = orm.em.fork();
  await lock.begin();
  try {
    await lock.execute('set local idle_in_transaction_session_timeout = 0');
    while (!(await isTaken(lock))) await pause(lockPause);
    return await work();
  } finally {
    await lock.rollback();
  }
}

async function isTaken(lock: MikroORM['em']): Promise<boolean> {
  const [row] = await lock.execute<{ taken: boolean }[]>(
    "select pg_try_advisory_xact_lock(hashtext('latchkey migrate')) as taken",
  );
  return row?.taken ?? false;
}

export async function migrationStatus(databaseUrl: string): Promise<{ lines: string[]; current: boolean }> {
  const orm = openDatabase(databaseUrl, { poolSize: 1, forMigration: true });
  try {
    const applied = (await orm.migrator.getExecuted()).map(({ name }) => `applied  ${name}`);
    const pending = (await orm.migrator.getPending()).map(({ name }) => `pending  ${name}`);
    const jobs = await jobsMigrationStatus(databaseLine(databaseUrl, 'latchkey migrate'), queues);
    const jobsLine = jobs.current ? `applied  job queue, version ${jobs.version}` : 'pending  job queue';
    return { lines: [...applied, ...pending, jobsLine], current: pending.length === 0 && jobs.current };
  } finally {
    await orm.close(true);
  }
}
