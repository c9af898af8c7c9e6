import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { type App, endsOf, newPassword, oldHash, opens, startBeside, users, usersShape } from './app.js';

const credentials = `
  create table login (id serial primary key, user_id bigint, kind text not null default 'password', secret text);
  insert into login (user_id, secret) select id, password from users`;

let app: App;
let apart: App;
let slow: App;
let theirs: pg.Client;
let id: string;
let email: string;
let person = 0;
beforeAll(async () => {
  app = await startBeside(users, usersShape);
  apart = await startBeside(`${users}; ${credentials}`, {
    table: 'users',
    passwordHash: 'secret',
    active: 'deleted_at IS NULL',
    passwordTable: { table: 'login', accountId: 'user_id', where: `kind = 'password'` },
    also: ['DELETE FROM sessions WHERE user_id = :id'],
    write: { format: 'bcrypt', cost: 4 },
  });
});
afterAll(async () => {
  await slow?.close();
  await app?.close();
  await apart?.close();
});

async function somebody(of: App): Promise<void> {
  email = `person.${++person}@example.com`;
  const [row] = await of.database.query<{ id: string }>(
    'insert into users (email, password) values ($1, $2) returning id',
    [email, oldHash],
  );
  id = row?.id ?? '';
  await of.database.query('insert into sessions (user_id) values ($1)', [id]);
  if (of === apart) await of.database.query('insert into login (user_id, secret) values ($1, $2)', [id, oldHash]);
  theirs = await of.session();
}

/** Waits until a session of ours waits for a lock. */
const untilWeWait = (of: App) =>
  eventually(
    () =>
      of.database.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and application_name <> 'the app'`,
      ),
    (rows) => rows.length > 0,
  );

const hashOf = async (of: App) => {
  const from =
    of === apart
      ? `select secret as hash from login where user_id = $1`
      : `select password as hash from users where id = $1`;
  return (await of.database.query<{ hash: string }>(from, [id]))[0]?.hash;
};

describe('the app and a reset at the same time', () => {
  beforeEach(() => somebody(app));

  it.each([
    ['changes the password', 'update users set password = $2 where id = $1', 'SUPERSEDED'],
    ['suspends the account', `update users set deleted_at = now() where id = $1 and $2 <> ''`, 'SUPERSEDED'],
    ['changes the address', `update users set email = 'a.' || email where id = $1 and $2 <> ''`, 'SUPERSEDED'],
    ['deletes the account', `delete from users where id = $1 and $2 <> ''`, 'SUPERSEDED'],
  ])('the app was first: it %s, and the reset that waited for it changes nothing', async (_what, change, reason) => {
    const key = await app.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query(change, [id, 'the hash of the app']);
    const resetting = app.reset(key);
    await untilWeWait(app);
    await theirs.query('commit');
    const after = await hashOf(app);
    expect(await resetting).toMatchObject({ __typename: 'InvalidResetKey', reason });
    expect(await hashOf(app)).toBe(after);
  });

  it('the app was first, and touches only what ends nothing: the reset goes on', async () => {
    const key = await app.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query('update users set updated_at = now() where id = $1', [id]);
    const resetting = app.reset(key);
    await untilWeWait(app);
    await theirs.query('commit');
    expect(await resetting).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(opens(await hashOf(app), newPassword)).toBe(true);
  });

  it('the app was first and gives up: the reset goes on', async () => {
    const key = await app.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query(`update users set password = 'x' where id = $1`, [id]);
    const resetting = app.reset(key);
    await untilWeWait(app);
    await theirs.query('rollback');
    expect(await resetting).toMatchObject({ __typename: 'PasswordResetCompleted' });
  });

  it('a guarded change of the app that waits for a reset does not write over it', async () => {
    const key = await app.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query('select 1 from sessions where user_id = $1 for update', [id]);
    // Holds the row, and waits for the session that the app has locked.
    const resetting = app.reset(key);
    await untilWeWait(app);
    const guarded = theirs.query(`update users set password = 'x' where id = $1 and password = $2`, [id, oldHash]);
    const { rowCount } = await guarded;
    await theirs.query('commit');
    const outcome = await resetting;
    // Either the app was let through, because we gave way, or its guard failed. It was never the victim.
    if (rowCount === 1) expect(outcome).toMatchObject({ __typename: 'InvalidResetKey' });
    else expect(outcome).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(opens(await hashOf(app), newPassword)).toBe(rowCount === 0);
  });

  it.each([
    [
      'the row first, then its sessions',
      ['update users set updated_at = now() where id = $1', 'select 1 from sessions where user_id = $1 for update'],
    ],
    [
      'its sessions first, then the row',
      ['select 1 from sessions where user_id = $1 for update', 'update users set updated_at = now() where id = $1'],
    ],
  ])('whatever the order of its locks, the app is never the victim of a deadlock: %s', async (_what, statements) => {
    const key = await app.latchkey.keyFor(email);
    const faults: unknown[] = [];
    let isOver = false;
    const appAtWork = (async () => {
      while (!isOver) {
        await theirs.query('begin');
        for (const statement of statements) {
          await theirs.query(statement, [id]).catch((error: unknown) => faults.push(error));
          await pause(5);
        }
        await theirs.query('commit');
        await pause(5);
      }
    })();
    const done = await eventually(
      () => app.reset(key),
      ({ __typename }) => __typename !== 'TemporarilyUnavailable',
      30_000,
    );
    isOver = true;
    await appAtWork;
    expect(faults).toEqual([]);
    expect(done).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(opens(await hashOf(app), newPassword)).toBe(true);
  });

  it('a circle is broken by us, before the app has waited for half of deadlock_timeout twice', async () => {
    const key = await app.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query('select 1 from sessions where user_id = $1 for update', [id]);
    const resetting = app.reset(key);
    await untilWeWait(app);
    // The circle: it waits for the row that we hold, we for the session that it holds. PostgreSQL would end one of us.
    await expect(theirs.query('update users set updated_at = now() where id = $1', [id])).resolves.toMatchObject({
      rowCount: 1,
    });
    await theirs.query('commit');
    const outcome = await resetting;
    const again = outcome.__typename === 'TemporarilyUnavailable' ? await app.reset(key) : outcome;
    expect(again).toMatchObject({ __typename: 'PasswordResetCompleted' });
  });

  it('a row that the app holds for a minute is an answer within seconds, and the key lives', async () => {
    const key = await app.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query('select 1 from users where id = $1 for update', [id]);
    expect(await app.reset(key)).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await app.latchkey.client.passwordResetKey(key)).toMatchObject({ __typename: 'ResetKeyValid' });
    await theirs.query('commit');
    expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
  });

  it('of two resets with two keys one wins', async () => {
    const keys = [await app.latchkey.keyFor(email), await app.latchkey.keyFor(email)];
    const outcomes = await Promise.all(keys.map((key, index) => app.reset(key, `long phrase number ${index} here`)));
    expect(outcomes.map(({ __typename }) => __typename).sort()).toEqual(['InvalidResetKey', 'PasswordResetCompleted']);
    const winner = outcomes.findIndex(({ __typename }) => __typename === 'PasswordResetCompleted');
    expect(opens(await hashOf(app), `long phrase number ${winner} here`)).toBe(true);
  });
});

describe('a reset that is slow between its own locks', () => {
  beforeEach(async () => {
    // Deleted sessions are the last that we lock, a while after the row; the app locks in the other order.
    slow ??= await startBeside(users, { ...usersShape, also: ['SELECT pg_sleep(0.2)', ...usersShape.also] });
    await somebody(slow);
  });

  it('lets go before PostgreSQL ends the app, which has waited longer in the circle', async () => {
    const key = await slow.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query('select 1 from sessions where user_id = $1 for update', [id]);
    const resetting = slow.reset(key);
    await eventually(
      () =>
        slow.database.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
        ),
      (rows) => rows.length > 0,
    );
    const { rowCount } = await theirs.query('update users set updated_at = now() where id = $1', [id]);
    expect(rowCount).toBe(1);
    await theirs.query('commit');
    await resetting;
    await eventually(
      () => slow.reset(key),
      ({ __typename }) => __typename === 'PasswordResetCompleted',
    );
  });
});

describe('with hashes in a table of their own', () => {
  beforeEach(() => somebody(apart));

  it.each([
    ['changes the hash', `update login set secret = 'x' where user_id = $1`, 'login'],
    ['suspends the owner', 'update users set deleted_at = now() where id = $1', 'users'],
    ['changes the address of the owner', `update users set email = 'b.' || email where id = $1`, 'users'],
    ['adds a second hash', `insert into login (user_id, secret) values ($1, 'y')`, 'login'],
    [
      'makes the row of the hash anew',
      `with gone as (delete from login where user_id = $1) insert into login (user_id, secret) values ($1, 'z')`,
      'login',
    ],
  ])('while we wait for the row of the hash, the app %s: the reset changes nothing', async (_what, change, _table) => {
    const key = await apart.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query('select 1 from login where user_id = $1 for update', [id]);
    const resetting = apart.reset(key);
    await untilWeWait(apart);
    await theirs.query(change, [id]);
    await theirs.query('commit');
    const rows = () => apart.database.query('select * from login where user_id = $1 order by id', [id]);
    const after = await rows();
    expect(await resetting).toMatchObject({ __typename: 'InvalidResetKey', reason: 'SUPERSEDED' });
    expect(await rows()).toEqual(after);
  });

  it.each([
    ['no row for a hash', 'delete from login where user_id = $1'],
    ['two rows for a hash', 'insert into login (user_id, secret) select user_id, secret from login where user_id = $1'],
  ])('an account with %s gets no key, and is counted', async (_what, change) => {
    await apart.database.query(change, [id]);
    await apart.latchkey.client.requestPasswordReset({ email });
    expect(await endsOf(apart, email)).toEqual(['no-password']);
    expect(apart.latchkey.inbox.mails().filter(({ to }) => to.includes(email))).toEqual([]);
  });
});
