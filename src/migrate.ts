import { openDatabase } from './database.js';
import { jobsMigrationStatus, migrateJobs } from './jobs/queue-schema.js';
import { queues } from './services.js';

/** Brings our tables and the job queue's to this version. Safe to run again, and beside itself. */
export async function migrateUp(databaseUrl: string): Promise<string[]> {
  const orm = openDatabase(databaseUrl, { poolSize: 1, forMigration: true });
  try {
    const applied = await orm.migrator.up();
    await migrateJobs(databaseUrl, queues);
    const lines = applied.map(({ name }) => `applied ${name}`);
    return [
      ...lines,
      lines.length > 0 ? 'the database is at this version now' : 'the database was at this version already',
    ];
  } finally {
    await orm.close(true);
  }
}

export async function migrationStatus(databaseUrl: string): Promise<{ lines: string[]; current: boolean }> {
  const orm = openDatabase(databaseUrl, { poolSize: 1, forMigration: true });
  try {
    const applied = (await orm.migrator.getExecuted()).map(({ name }) => `applied  ${name}`);
    const pending = (await orm.migrator.getPending()).map(({ name }) => `pending  ${name}`);
    const jobs = await jobsMigrationStatus(databaseUrl, queues);
    const jobsLine = jobs.current ? `applied  job queue, version ${jobs.version}` : 'pending  job queue';
    return { lines: [...applied, ...pending, jobsLine], current: pending.length === 0 && jobs.current };
  } finally {
    await orm.close(true);
  }
}
