import pg from 'pg';
import type { TestDatabase } from '../support/test-database.js';

/** The app's role; on a real server it is not named like ours either. */
const role = 'the_app';

/**
 * Makes a database the app's: a role of its own owns it.
 *
 * @returns the URL with which the app connects.
 */
export async function handToApp({ url, query }: TestDatabase): Promise<string> {
  const own = new URL(url);
  await query(`do $$ begin
      create role ${role} login password '${role}';
    exception when duplicate_object or unique_violation then null; end $$`);
  await query(`alter database ${own.pathname.slice(1)} owner to ${role}`);
  return Object.assign(own, { username: role, password: role }).href;
}

/** Runs SQL on a connection of its own, with nothing set for the session. */
export async function rows<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return (await client.query<Row>(sql, values?.slice()).finally(() => client.end())).rows;
}
