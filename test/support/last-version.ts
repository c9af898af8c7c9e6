import { credentialNotices } from '../../src/accounts/change-notices.js';
import { signUpRequests } from '../../src/accounts/sign-up.js';
import { migrateJobs } from '../../src/jobs/queue/schema.js';
import { resetRequests } from '../../src/password-reset/reset-requests.js';
import { openDatabase } from '../../src/services/database.js';
import { databaseLine } from '../../src/stores/postgres/pool.js';
import { runOn } from './databases.js';

/** Where the version before `20261127-own-schemas` had its tables and its job queue. */
const schemas = { own: 'public', jobs: 'pgboss' } as const;

/** Makes the tables of an earlier version, up to this migration, without its job queue. */
export async function tablesUpTo(url: string, migration = '20261126-address-collation'): Promise<void> {
  const orm = openDatabase(url, { schemas, poolSize: 1, forMigration: true });
  await orm.migrator.up({ to: migration }).finally(() => orm.close(true));
}

/** Makes the tables and the job queue of the last version without schemas of its own. */
export async function makeLastVersion(url: string): Promise<void> {
  await tablesUpTo(url);
  await runOn(url, `create schema ${schemas.jobs}`);
  const queues = [resetRequests, credentialNotices, signUpRequests];
  await migrateJobs(databaseLine(url, 'latchkey migrate'), schemas.jobs, queues);
}
