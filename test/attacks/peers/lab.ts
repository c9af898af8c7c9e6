import pg from 'pg';
import { OwnPostgres } from '../../support/own-postgres.js';
import { startOwnStores } from '../kit/own-stores.js';
import type { Database, Lab } from './peer.js';

/** PostgreSQL for the peers, and the stores of Latchkey's stage; all on this machine and gone afterwards. */
export async function openLab(): Promise<Lab & { close(): Promise<void> }> {
  const stores = await startOwnStores();
  const settings = ['max_connections=200', 'shared_buffers=64MB'];
  const postgres = await OwnPostgres.start({ settings, withoutMigrations: true });
  let databases = 0;
  let strangers = 0;
  return {
    stores,
    async emptyDatabase() {
      const name = `peer_${++databases}`;
      await once(postgres.urlOf('postgres'), `create database ${name}`);
      return open(postgres, name);
    },
    // Each in a /24 of its own; Latchkey's stage takes its own from the other half.
    stranger() {
      const number = strangers++;
      return `127.${128 + Math.floor(number / 250)}.${1 + (number % 250)}.9`;
    },
    async close() {
      await postgres.drop();
      await stores.close();
    },
  };
}

/** All rows of all tables, as text. */
export async function rowsOf(database: Pick<Database, 'query'>): Promise<string> {
  const sql = `select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`;
  const tables = await database.query<{ name: string }>(sql);
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

function open(postgres: OwnPostgres, name: string): Database {
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
