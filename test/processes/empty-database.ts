import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** A database without tables, as an operator provides it. */
export async function emptyDatabase() {
  const name = `empty_${randomBytes(6).toString('hex')}`;
  const at = (database: string) => Object.assign(new URL(inject('templateUrl')), { pathname: `/${database}` }).href;
  const query = async (database: string, sql: string) => {
    const client = new pg.Client({ connectionString: at(database) });
    await client.connect();
    return client.query(sql).finally(() => client.end());
  };
  await query('postgres', `create database ${name}`);
  return {
    url: at(name),
    tables: async () => {
      const schemas = `table_schema not in ('pg_catalog', 'information_schema')`;
      const { rows } = await query(name, `select table_name from information_schema.tables where ${schemas}`);
      return rows.map(({ table_name }) => String(table_name));
    },
    drop: () => query('postgres', `drop database ${name} with (force)`),
  };
}
