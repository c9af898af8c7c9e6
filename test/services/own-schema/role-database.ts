import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { makeDatabase, runOn, withPath } from '../../support/databases.js';
import type { TestDatabase } from '../../support/test-database.js';

export interface RoleDatabase extends TestDatabase {
  readonly name: string;
  readonly role: string;
  /** The URL of a superuser. `url` is that of the role. */
  readonly adminUrl: string;
  /** A session of the role. */
  session(): Promise<pg.Client>;
}

/**
 * A new database and a new role of its own, which is no superuser. `query` runs as a superuser.
 *
 * @param may what the role may do: own the database (as a managed server gives it out), or connect only.
 */
export async function roleDatabase(may: 'own' | 'connect' = 'own', role?: string): Promise<RoleDatabase> {
  const suffix = randomBytes(5).toString('hex');
  const [name, user, password] = [`db_${suffix}`, role ?? `role_${suffix}`, 'of-the-role'];
  const urlOf = (database: string) => Object.assign(new URL(inject('templateUrl')), { pathname: `/${database}` }).href;
  const database = await makeDatabase(urlOf, name);
  await database.query(`create role ${user} login password '${password}'`);
  if (may === 'own') await database.query(`alter database ${name} owner to ${user}`);
  const url = Object.assign(new URL(urlOf(name)), { username: user, password }).href;
  return {
    ...{ name, role: user, url, adminUrl: urlOf(name), query: database.query },
    session: async () => {
      const client = new pg.Client({ connectionString: url, ...withPath });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    drop: async () => {
      await database.drop();
      await runOn(urlOf('postgres'), `drop role ${user}`);
    },
  };
}
