import pg from 'pg';
import { OwnPostgres } from '../../support/own-postgres.js';
import { startSingle } from '../../support/redis-servers.js';
import type { TestDatabase } from '../../support/test-database.js';
import type { Stores } from './stage-options.js';

/** One PostgreSQL server with a database for each stage, and a Redis server for each. */
export async function startOwnStores(): Promise<Stores & { close(): Promise<void> }> {
  // Nobody connects to its database `latchkey`: of a template no sessions may be open.
  const postgres = await OwnPostgres.start({ settings: ['max_connections=300', 'shared_buffers=64MB'] });
  let count = 0;
  return {
    async database() {
      const name = `stage_${++count}`;
      await once(postgres.urlOf('postgres'), `create database ${name} template latchkey`);
      return openDatabase(postgres, name);
    },
    async redis() {
      const { url, server, stop } = await startSingle();
      return { url, client: server.client, stop };
    },
    close: () => postgres.drop(),
  };
}

function openDatabase(postgres: OwnPostgres, name: string): TestDatabase {
  const url = postgres.urlOf(name);
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  return {
    url,
    query: async (sql, values) => (await pool.query(sql, values)).rows,
    async drop() {
      await pool.end();
      await once(postgres.urlOf('postgres'), `drop database ${name} with (force)`);
    },
  };
}

async function once(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
