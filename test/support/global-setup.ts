import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/dev/postgres/embedded-postgres.js';
import { migrateUp } from '../../src/services/migrate.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the migrated database that every test's own is copied from. */
    templateUrl: string;
  }
}

export const templateDatabase = 'latchkey_template';

/** One PostgreSQL for the run, with a migrated template; each test file copies it. Without fsync: nothing here outlives the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  // As root, PostgreSQL runs as another user, who has to pass through.
  await chmod(folder, 0o711);
  const flags = ['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=300'];
  const postgres = await startEmbeddedPostgres({ folder, database: templateDatabase, postgresFlags: flags });
  await migrateUp(postgres.url);
  // What a test wrote into it, a data key for instance, all later ones would start with.
  const admin = new pg.Client({
    connectionString: Object.assign(new URL(postgres.url), { pathname: '/postgres' }).href,
  });
  await admin.connect();
  await admin.query(`alter database ${templateDatabase} allow_connections false`).finally(() => admin.end());
  project.provide('templateUrl', postgres.url);
  return async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
