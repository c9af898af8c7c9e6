import pg from 'pg';
import { schemasOf } from '../../src/stores/postgres/schemas.js';
import type { TestDatabase } from './test-database.js';

const { own, jobs } = schemasOf();

/**
 * Options of the connections of tests: their statements name our tables, and those of the job queue, without a schema.
 * The product's connections have no such path.
 */
export const withPath = { options: `-c search_path=${own},${jobs},public` } as const;

/** SQL: the channel on which workers hear of new jobs. */
export const jobChannel = `'pgboss_' || left(encode(sha224('${jobs}'), 'hex'), 24)`;

/** Runs one statement on a connection of its own. */
export async function runOn(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, ...withPath });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/**
 * Makes a database, whose `drop` removes it.
 *
 * @param urlOf the URL of a database of the server.
 * @param template the database that it is a copy of; by default it is empty.
 */
export async function makeDatabase(
  urlOf: (database: string) => string,
  name: string,
  template?: string,
): Promise<TestDatabase> {
  await runOn(urlOf('postgres'), `create database ${name}${template ? ` template ${template}` : ''}`);
  const url = urlOf(name);
  const pool = new pg.Pool({ connectionString: url, max: 2, ...withPath });
  pool.on('error', () => undefined);
  return {
    url,
    query: async (sql, values) => (await pool.query(sql, values)).rows,
    drop: async () => {
      await pool.end();
      await runOn(urlOf('postgres'), `drop database ${name} with (force)`);
    },
  };
}

/** The names of all tables, quoted, each with its schema. */
export async function tablesOf(database: Pick<TestDatabase, 'query'>): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  return rows.map(({ name }) => name);
}

/** The rows of a table as JSON, a line each. */
export async function rowsIn(database: Pick<TestDatabase, 'query'>, table: string): Promise<string> {
  const rows = await database.query<{ row: string }>(`select to_jsonb(t)::text as row from ${table} t`);
  return rows.map(({ row }) => row).join('\n');
}
