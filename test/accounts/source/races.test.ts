import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type App,
  circle,
  newPassword,
  oldHash,
  opens,
  resetWhile,
  slowly,
  somebody,
  startBeside,
  untilWeWait,
  users,
  usersShape,
} from './app.js';

let app: App;
let slow: App;
let theirs: pg.Client;
let id: string;
let email: string;
beforeAll(async () => {
  app = await startBeside(users, usersShape);
});
afterAll(async () => {
  await slow?.close();
  await app?.close();
});

async function meet(of: App): Promise<void> {
  ({ id, email } = await somebody(of));
  theirs = await of.session();
}

const hashOf = async (of: App) =>
  (await of.database.query<{ hash: string }>('select password as hash from users where id = $1', [id]))[0]?.hash;

describe('the app and a reset at the same time', () => {
  beforeEach(() => meet(app));

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

  it('of a guarded change by the app and a reset one wins, whichever is first, and neither is lost', async () => {
    const winners = new Set<string>();
    for (let turn = 0; turn < 12; turn++) {
      if (turn > 0) await meet(app);
      const key = await app.latchkey.keyFor(email);
      // Alternately the app goes first, and the reset; what they do meanwhile is up to the machine.
      const first = turn % 2 === 0 ? app.reset(key) : undefined;
      if (first) await pause(turn);
      const guarded = theirs.query('update users set password = $2 where id = $1 and password = $3', [
        id,
        'x',
        oldHash,
      ]);
      const [changed, outcome] = await Promise.all([guarded, first ?? app.reset(key)]);
      const byApp = changed.rowCount === 1;
      expect(outcome).toMatchObject(
        byApp ? { __typename: 'InvalidResetKey', reason: 'SUPERSEDED' } : { __typename: 'PasswordResetCompleted' },
      );
      expect(opens(await hashOf(app), newPassword)).toBe(!byApp);
      winners.add(byApp ? 'app' : 'reset');
    }
    expect(winners).toContain('app');
  });

  it('the app was first and deletes the row, and makes the same anew: nothing changes, and the key lives', async () => {
    const key = await app.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query('delete from users where id = $1', [id]);
    const resetting = app.reset(key);
    await untilWeWait(app);
    const anew = 'insert into users (id, email, password) overriding system value values ($1, $2, $3)';
    await theirs.query(anew, [id, email, oldHash]);
    await theirs.query('commit');
    // The row looks as before, but it is not the one that we waited for: the next try finds it.
    expect(await resetting).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await hashOf(app)).toBe(oldHash);
    expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(opens(await hashOf(app), newPassword)).toBe(true);
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
    const { faults, done } = await resetWhile(app, key, theirs, statements, id);
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
    slow ??= await startBeside(users, { ...usersShape, also: slowly(usersShape.also) });
    await meet(slow);
  });

  it('lets go before PostgreSQL ends the app, which has waited longer in the circle', async () => {
    const key = await slow.latchkey.keyFor(email);
    expect(await circle(slow, key, theirs, 'update users set updated_at = now() where id = $1', id)).toBe(1);
  });
});
