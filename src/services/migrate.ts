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
 * Brings our tables and those of the job queue to this version, and encrypts the data key under the first secret. It
 * may be run again, and on several machines at the same time.
 *
 * @returns lines for the operator.
 * @throws DataKeyUnreadable when no value of SECRET decrypts the data key.
 * @throws AddressIndexRefused when the index of addresses cannot be built.
 * @throws Error when a table stayed locked (see `untilUnlocked`), or of the driver.
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
      // Without SECRET, the missing data key is reported only when this run applied something.
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
 * Lets one migration run at a time, because several machines may be rolled out at the same time. The lock belongs to a
 * transaction, so it also works through a pooler. The others ask for it again and again: a statement that waited would
 * hold a snapshot, and a concurrent index build waits for every older snapshot.
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
