import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../../src/services/database.js';
import { databaseLine, databaseTimeouts, poolOptions } from '../../../src/stores/postgres/pool.js';
import { createDatabase, type TestDatabase } from '../../support/stores.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const asked =
  "select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle";
const bounded = { statement: '5s', lock: '3s' };

it('bounds every statement and every transaction, and leaves nothing in the session', async () => {
  const pool = new pg.Pool({ ...databaseLine(database.url, 'test'), ...poolOptions, max: 1 });
  const orm = openDatabase(database.url, { poolSize: 1 });
  try {
    // A statement in the simple protocol, in the extended protocol, with a callback, and two in one message.
    expect((await pool.query(asked)).rows).toEqual([{ ...bounded, idle: '0' }]);
    expect((await pool.query(`${asked}, $1::int as n`, [7])).rows).toEqual([{ ...bounded, idle: '0', n: 7 }]);
    const called = await new Promise((resolve, reject) => {
      pool.query(`${asked}, $1::text[] as list`, [['a', 'b']], (error, result) =>
        error ? reject(error) : resolve(result),
      );
    });
    expect(called).toMatchObject({ command: 'SELECT', rowCount: 1, rows: [{ ...bounded, list: ['a', 'b'] }] });
    const both = (await pool.query('select 1 as one; select 2 as two')) as unknown as pg.QueryResult[];
    expect(both.map(({ rows }) => rows)).toEqual([[{ one: 1 }], [{ two: 2 }]]);
    await orm.em.fork().transactional(async (transaction) => {
      expect(await transaction.execute(asked)).toEqual([{ ...bounded, idle: '10s' }]);
    });
    expect(await orm.em.fork().execute(asked)).toEqual([{ ...bounded, idle: '0' }]);
    expect((await pool.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '0' }]);
  } finally {
    await pool.end();
    await orm.close(true);
  }
});

it('ends a statement that takes too long, and a wait for a lock, whichever protocol', async () => {
  const pool = new pg.Pool({ ...databaseLine(database.url, 'test'), ...poolOptions, max: 4 });
  await database.query('create table held (id int)');
  const holder = await pool.connect();
  try {
    await holder.query('begin');
    await holder.query('lock table held');
    const ends = [
      pool.query('select pg_sleep(20)'),
      pool.query('select pg_sleep($1)', [20]),
      pool.query('select * from held where id = $1', [1]),
    ].map((each) =>
      each.then(
        () => 'done',
        (error: { code?: string }) => error.code,
      ),
    );
    expect(await Promise.all(ends)).toEqual(['57014', '57014', '55P03']);
    expect(databaseTimeouts.statement).toBeLessThan(databaseTimeouts.query);
  } finally {
    await holder.query('rollback');
    holder.release();
    await pool.end();
  }
});

it('fails as the statement fails, and goes on with the same connection', async () => {
  const pool = new pg.Pool({ ...databaseLine(database.url, 'test'), ...poolOptions, max: 1 });
  const line = await pool.connect();
  try {
    await expect(line.query('select 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
    await expect(line.query('select nonsense')).rejects.toMatchObject({ code: '42703' });
    expect((await line.query('select $1::int as n', [1])).rows).toEqual([{ n: 1 }]);
  } finally {
    line.release();
    await pool.end();
  }
});
