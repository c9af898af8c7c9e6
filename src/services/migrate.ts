import { setTimeout as pause } from 'node:timers/promises';
import { Migrator } from '@mikro-orm/migrations';
import type { MikroORM } from '@mikro-orm/postgresql';
import { fromKysely } from 'pg-boss';
import { migrations } from '../../migrations/index.js';
import { deadLetterQueue } from '../jobs/queue/definition.js';
import { leftIn } from '../jobs/queue/former-queue.js';
import { jobsMigrationStatus, migrateJobs } from '../jobs/queue/schema.js';
import { QueueTables } from '../jobs/queue/tables.js';
import { firstWord } from '../observability/first-word.js';
import { type DataKeyCare, type DataKeyEnd, keepDataKey } from '../secrets/keep-data-key.js';
import { untilUnlocked } from '../stores/postgres/migrate-patiently.js';
import { databaseLine } from '../stores/postgres/pool.js';
import { identifier, type Schemas, schemasOf } from '../stores/postgres/schemas.js';
import { buildAddressIndex } from './address-index.js';
import { migrationTable, openDatabase, ourTables } from './database.js';
import { buildExternalIdIndex } from './external-id-index.js';
import { formerHome, moveTables, rememberHome } from './own-schema/last-version.js';
import { makeSchemas, refuseForeignTables } from './own-schema/make-schemas.js';
import { dropStandIns } from './own-schema/stand-ins.js';
import { queues } from './queues.js';

/**
 * Brings our tables and those of the job queue to this version, and encrypts the data key under the first secret. Makes
 * the schemas, and moves the tables of the last version into them. It may be run again, and on several machines at the
 * same time.
 *
 * @returns lines for the operator.
 * @throws DataKeyUnreadable when no value of SECRET decrypts the data key.
 * @throws SchemaRefused when a schema cannot be made or used.
 * @throws AddressIndexRefused when the index of addresses cannot be built.
 * @throws Error when a table stayed locked (see `untilUnlocked`), or of the driver.
 */
export async function migrateUp(
  databaseUrl: string,
  care: DataKeyCare = { secrets: [] },
  schemas: Schemas = schemasOf(),
): Promise<string[]> {
  const orm = openDatabase(databaseUrl, { schemas, poolSize: 2, forMigration: true });
  const line = databaseLine(databaseUrl, 'latchkey migrate');
  try {
    const { warnings, from, applied, key } = await oneAtATime(orm, async () => {
      const warnings = await makeSchemas(orm.em, schemas, [migrationTable, ...ourTables(orm)]);
      await refuseForeignTables(orm.em, schemas, [migrationTable, ...ourTables(orm)], queueNames);
      const from = await formerHome(orm.em, schemas);
      await buildAddressIndex(orm.em, from ?? schemas.own);
      // First the queue, which stands in nobody's way: if that fails, the last version goes on undisturbed.
      await migrateJobs(line, schemas.jobs, queues);
      const applied = await untilUnlocked(() => migrateTables(orm, schemas, from));
      await buildExternalIdIndex(orm.em, schemas.own);
      await dropStandIns(orm.em, schemas.own, (queue) => isEmpty(orm, queue));
      return { warnings, from, applied, key: await keepDataKey(orm, care) };
    });
    const moved = from === undefined ? [] : [`moved the tables of the last version from the schema ${from}`];
    const lines = [...moved, ...applied.map(({ name }) => `applied ${name}`)];
    return [
      ...warnings,
      ...lines,
      lines.length > 0 ? 'the database is at this version now' : 'the database was at this version already',
      // Without SECRET, the missing data key is reported only when this run applied something.
      ...(key === 'missing' && lines.length === 0 ? [] : dataKeyWords[key]),
    ];
  } finally {
    await orm.close(true);
  }
}

/** Whether no job of ours waits in the queue of the last version; a queue that is gone is empty. */
async function isEmpty(orm: MikroORM, queue: string): Promise<boolean> {
  const left = leftIn(fromKysely(orm.em.fork().getKysely()), new QueueTables(queue), queues);
  return left.then(
    (count) => count === 0,
    (error: unknown) => /^(?:42P01|3F000)$/.test(firstWord(error) ?? ''),
  );
}

const queueNames = queues.flatMap(({ name }) => [name, deadLetterQueue(name)]);

/** Asks what it asks outside of its transaction before that begins, because only two connections are there. */
class PreparedMigrator extends Migrator {
  prepare(): Promise<void> {
    return this.init();
  }
}

/**
 * Moves the tables of the last version and applies what is missing, in one transaction. Migrations name no schema, so
 * the transaction has a path of its own.
 */
async function migrateTables(orm: MikroORM, schemas: Schemas, from: string | undefined) {
  // A new one for each try, because it remembers that it made its table.
  const migrator = new PreparedMigrator(orm.em);
  await migrator.prepare();
  return orm.em.fork().transactional(async (transaction) => {
    await transaction.execute(`set local search_path to ${identifier(schemas.own)}`);
    if (from !== undefined) await moveTables(transaction, from, schemas);
    const applied = await migrator.up({ transaction: transaction.getTransactionContext() });
    if (from !== undefined) await rememberHome(transaction, from, schemas);
    return applied;
  });
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

export async function migrationStatus(
  databaseUrl: string,
  schemas: Schemas = schemasOf(),
): Promise<{ lines: string[]; current: boolean }> {
  const orm = openDatabase(databaseUrl, { schemas, poolSize: 1, forMigration: true });
  try {
    const table = `${identifier(schemas.own)}.${migrationTable}`;
    const [there] = await orm.em.execute<{ is: boolean }[]>('select to_regclass(?) is not null as is', [table]);
    const rows = there?.is ? await orm.em.execute<{ name: string }[]>(`select name from ${table} order by id`) : [];
    const applied = rows.map(({ name }) => name);
    const pending = migrations
      .map((each) => new each(orm.driver, orm.config).name)
      .filter((name) => !applied.includes(name));
    const from = await formerHome(orm.em, schemas);
    const jobs = await jobsMigrationStatus(databaseLine(databaseUrl, 'latchkey migrate'), schemas.jobs, queues);
    const lines = [
      ...applied.map((name) => `applied  ${name}`),
      ...(from === undefined ? [] : [`pending  the move of the tables from the schema ${from}`]),
      ...pending.map((name) => `pending  ${name}`),
      jobs.current ? `applied  job queue, version ${jobs.version}` : 'pending  job queue',
    ];
    return { lines, current: pending.length === 0 && jobs.current };
  } finally {
    await orm.close(true);
  }
}
