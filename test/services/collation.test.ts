import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { migrateUp } from '../../src/services/migrate.js';
import { withPath } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { tablesUpTo } from '../support/last-version.js';
import { startLatchkey } from '../support/latchkey.js';
import { OwnPostgres } from '../support/own-postgres.js';

vi.setConfig({ testTimeout: 60_000 });

let server: OwnPostgres;
let databases = 0;
let url: string;
let pool: pg.Pool;
const query = async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
  (await pool.query<Row>(sql, values)).rows;

beforeAll(async () => {
  server = await OwnPostgres.start({ withoutMigrations: true });
});
afterAll(() => server?.drop());

/** Lower-case addresses, as our parser writes them. A language's collation does not sort them by their bytes. */
const addresses = Array.from({ length: 4_800 }, (_, index) => {
  const name = index.toString(36).padStart(3, '0');
  return `${name[0]}${['', '-', '.', '_', 'é'][index % 5]}${name.slice(1)}@${index % 2 ? 'ex-ample' : 'example'}.com`;
});

/**
 * Makes the previous release's tables in a database with a language's collation, then changes the collation of the
 * database, so that the indexes are in the wrong order.
 */
beforeEach(async () => {
  const name = `app_${++databases}`;
  await server.query(`create database ${name} template template0 locale_provider icu icu_locale 'en-US'`);
  url = server.urlOf(name);
  await tablesUpTo(url, '20261126-erase-audit-events');
  pool = new pg.Pool({ connectionString: url, max: 4, ...withPath });
  await query(
    `insert into account (id, email, password_hash, status) select gen_random_uuid(), email, 'x', 'active' from unnest($1::text[]) email`,
    [addresses],
  );
  await pool.end();
  await server.query(
    `update pg_database set datlocprovider = 'c', datlocale = null, datcollversion = null where datname = '${name}'`,
  );
  pool = new pg.Pool({ connectionString: url, max: 4, ...withPath });
  return () => pool.end();
});

/** @returns how many addresses are found by look-ups in the index, as calls make them. */
const found = async () => {
  const client = await pool.connect();
  try {
    await client.query('set enable_seqscan = off');
    const [row] = (
      await client.query<{ count: number }>(
        `select count(*)::int from unnest($1::text[]) wanted,
                lateral (select 1 from account where email = wanted offset 0) found`,
        [addresses],
      )
    ).rows;
    return row?.count;
  } finally {
    client.release(true);
  }
};
const file = async () =>
  (
    await query<{ file: number }>(
      `select relfilenode as file from pg_class where relname = 'account' and relkind = 'r'`,
    )
  )[0]?.file;

describe('another collation under the data', () => {
  it('hides accounts before the migration, and none after it, without a row written anew', async () => {
    const before = await found();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(addresses.length);
    const written = await file();
    const lines = await migrateUp(url);
    expect(lines).toContain('applied 20261126-address-collation');
    expect(await found()).toBe(addresses.length);
    expect(await file()).toBe(written);
    const indexes = await query<{ definition: string }>(
      `select pg_get_indexdef(indexrelid) as definition from pg_index
        where indrelid = 'account'::regclass and not indisprimary and indisvalid`,
    );
    expect(indexes.map(({ definition }) => definition)).toEqual([
      'CREATE UNIQUE INDEX account_email_unique ON latchkey.account USING btree (email)',
      'CREATE UNIQUE INDEX account_external_id_unique ON latchkey.account USING btree (external_id) WHERE (external_id IS NOT NULL)',
    ]);
    for (const email of addresses.filter((_, index) => index % 480 === 0)) {
      const add = query(`insert into account (id, email, status) values (gen_random_uuid(), $1, 'active')`, [email]);
      await expect(add).rejects.toMatchObject({ code: '23505', constraint: 'account_email_unique' });
    }
    // Back to the collation of a language.
    await server.query(
      `update pg_database set datlocprovider = 'i', datlocale = 'en-US' where datname = 'app_${databases}'`,
    );
    expect(await found()).toBe(addresses.length);
    expect(await migrateUp(url)).toContain('the database was at this version already');
  });

  it('is replaced while calls write and several machines migrate at the same time', async () => {
    const writer = await pool.connect();
    await writer.query('begin');
    await writer.query(
      `insert into account (id, email, status) values (gen_random_uuid(), 'writer@example.com', 'active')`,
    );
    const running = Promise.all([migrateUp(url), migrateUp(url), migrateUp(url)]);
    const waits = () =>
      query(
        `select from pg_stat_activity where query like 'create unique index concurrently%' and wait_event_type = 'Lock'`,
      );
    await eventually(waits, ({ length }) => length > 0);
    // Another insert does not wait behind the migration, which waits for the writer.
    await query(
      `set lock_timeout = '500ms'; insert into account (id, email, status) values (gen_random_uuid(), 'other@example.com', 'active')`,
    );
    await writer.query('commit');
    writer.release();
    const applied = (await running).flat().filter((line) => line.startsWith('applied'));
    expect(applied).toContain('applied 20261126-address-collation');
    expect(applied).toEqual([...new Set(applied)]);
    expect(await query(`select from account where email = 'writer@example.com'`)).toHaveLength(1);
  });

  it('that let a second account in for one address: the migration names both ids, and runs once one of them is gone', async () => {
    const missing = await query<{ email: string }>(
      `insert into account (id, email, status) select gen_random_uuid(), email, 'active' from unnest($1::text[]) email on conflict do nothing returning email`,
      [addresses],
    );
    expect(missing.length).toBeGreaterThan(0);
    const [first] = await query<{ ids: string[] }>(
      `select array_agg(id) as ids from account group by email collate "C" having count(*) > 1 order by min(created_at) limit 1`,
    );
    const refused = await migrateUp(url).catch((error: Error) => error.message);
    for (const id of first?.ids ?? ['none']) expect(refused).toContain(id);
    await query(
      `delete from account a using account b where a.email collate "C" = b.email collate "C" and a.ctid > b.ctid`,
    );
    await migrateUp(url);
    expect(await found()).toBe(addresses.length);
  });

  it('names a view that holds on to the column, and changes nothing then', async () => {
    await query('create view people as select id, email from account');
    await query('create table app (email text references account (email))');
    await expect(migrateUp(url)).rejects.toThrow(/constraint app_email_fkey on table app, rule _RETURN on view people/);
    await query('drop view people; drop table app');
    expect(await migrateUp(url)).toContain('applied 20261126-address-collation');
  });
});

it('an account is found, reset and not made twice through the API after such a change', async () => {
  await migrateUp(url);
  const latchkey = await startLatchkey({ database: { url, query, drop: async () => undefined } });
  try {
    const email = addresses[7] ?? '';
    expect(await latchkey.keyFor(email)).toBeTruthy();
    expect(await latchkey.client.signUp({ email, password: 'a password of a second account' })).toMatchObject({
      __typename: 'EmailAddressTaken',
    });
  } finally {
    await latchkey.close();
  }
});
