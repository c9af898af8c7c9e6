import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/dev/postgres/embedded-postgres.js';
import { migrateUp } from '../../src/services/migrate.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the migrated template, of which every test's database is a copy. */
    templateUrl: string;
  }
}

export const templateDatabase = 'latchkey_template';

/** Starts one PostgreSQL for the run, with a migrated template database. No fsync, because no data outlives the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  // If root runs the tests, PostgreSQL runs as another user, who must be able to enter this folder.
  await chmod(folder, 0o711);
  const flags = ['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=300'];
  const postgres = await startEmbeddedPostgres({ folder, database: templateDatabase, postgresFlags: flags });
  await migrateUp(postgres.url);
  // No connections to the template: all later databases would start with what a test wrote to it, say a data key.
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
