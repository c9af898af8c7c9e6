import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { idBeside } from '../../../src/accounts/source/beside.js';
import {
  type App,
  logins,
  loginsShape,
  newPassword,
  oldHash,
  oldPassword,
  opens,
  ours,
  somebody,
  startBeside,
  untilWeWait,
  users,
  usersShape,
} from './app.js';

const changedPassword = 'changed by the one signed in';

describe.each([
  {
    where: 'in the row of the account',
    tables: users,
    shape: usersShape,
    hash: 'select password as hash from users where id = $1',
    lock: 'select 1 from users where id = $1 for update',
    touch: 'update users set language = language where id = $1',
    change: `update users set password = 'x' where id = $1`,
    anew: `with gone as (delete from users where id = $1 returning *)
      insert into users (id, email, password) overriding system value select id, email, 'anew' from gone`,
  },
  {
    where: 'in a table of their own',
    tables: `${users}; ${logins}`,
    shape: loginsShape,
    hash: 'select secret as hash from login where user_id = $1',
    lock: 'select 1 from login where user_id = $1 for update',
    touch: 'update login set used_at = now() where user_id = $1',
    change: `update login set secret = 'x' where user_id = $1`,
    anew: `with gone as (delete from login where user_id = $1) insert into login (user_id, secret) values ($1, 'anew')`,
  },
])('a change of the password by its owner, hashes $where', ({ tables, shape, hash, lock, touch, change, anew }) => {
  let app: App;
  let theirs: pg.Client;
  let id: string;
  let email: string;
  let token: string;
  beforeAll(async () => {
    app = await startBeside(tables, shape);
  });
  afterAll(() => app?.close());
  beforeEach(async () => {
    ({ id, email } = await somebody(app));
    if ('passwordTable' in shape)
      await app.database.query('insert into login (user_id, secret) values ($1, $2)', [id, oldHash]);
    token = (await app.latchkey.signIn(email, oldPassword)) ?? '';
    theirs = await app.session();
  });

  const changing = () =>
    app.latchkey.as(token).changePassword({ currentPassword: oldPassword, newPassword: changedPassword });
  const hashNow = async () => (await app.database.query<{ hash: string | null }>(hash, [id]))[0]?.hash;
  /** What changes of ours left behind. */
  async function traces() {
    const beside = [idBeside('public.users', id)];
    const { query } = app.database;
    const [versions, receipts, notices, watches, events] = await Promise.all([
      query<{ version: number }>(`select version from ${ours.versions} where id = $1`, beside),
      query('select from_version from latchkey.reset_receipt where adopted_account_id = $1', beside),
      query<{ change: string }>(
        `select data ->> 'change' as change from ${ours.jobs} where name = 'credential-notice' and data ->> 'accountId' = $1`,
        [id],
      ),
      query(`select 1 from ${ours.jobs} where name = 'overwrite-watch' and data ->> 'accountId' = $1`, [id]),
      query<{ kind: string }>(
        `select kind from ${ours.events} where account_id = $1 and kind in ('reset.completed', 'account.password-changed')`,
        beside,
      ),
    ]);
    return {
      raised: (versions[0]?.version ?? 1) - 1,
      receipts: receipts.length,
      notices: notices.map((each) => each.change),
      watches: watches.length,
      events: events.map(({ kind }) => kind),
    };
  }
  const none = { raised: 0, receipts: 0, notices: [], watches: 0, events: [] };
  const ofChange = {
    ...none,
    raised: 1,
    notices: ['password-change'],
    watches: 1,
    events: ['account.password-changed'],
  };
  const ofReset = { raised: 1, receipts: 1, notices: ['password-reset'], watches: 1, events: ['reset.completed'] };

  /** Holds a lock of the account while both begin, one after the other. */
  async function meet<First, Second>(held: string, first: () => Promise<First>, second: () => Promise<Second>) {
    await theirs.query('begin');
    const { rowCount } = await theirs.query(held, [id]);
    expect(rowCount).toBe(1);
    const one = first();
    await untilWeWait(app);
    const two = second();
    await untilWeWait(app, 2);
    await theirs.query('commit');
    return Promise.all([one, two]);
  }

  it.each([
    ['the row with the hash', lock],
    ['our own version', `select 1 from ${ours.versions} where account_id = $1 for update`],
  ])('and a reset meet at %s: whichever is first counts, and the other changes nothing', async (_what, held) => {
    const key = await app.latchkey.keyFor(email);
    const [changed, late] = await meet(held, changing, () => app.reset(key));
    expect(changed).toMatchObject({ __typename: 'PasswordChanged' });
    expect(late).toMatchObject({ __typename: 'InvalidResetKey', reason: 'SUPERSEDED' });
    expect(opens(await hashNow(), changedPassword)).toBe(true);
    expect(await traces()).toEqual(ofChange);
  });

  it.each([
    ['the row with the hash', lock],
    ['our own version', `select 1 from ${ours.versions} where account_id = $1 for update`],
  ])('comes after a reset at %s: the session has ended, and nothing changes', async (_what, held) => {
    const key = await app.latchkey.keyFor(email);
    const [done, late] = await meet(held, () => app.reset(key), changing);
    expect(done).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(late).toMatchObject({ __typename: 'Unauthenticated' });
    expect(opens(await hashNow(), newPassword)).toBe(true);
    expect(await traces()).toEqual(ofReset);
    expect(await app.latchkey.as(token).me()).toBeNull();
  });

  it('happens once if two sessions make the first change at the same time', async () => {
    const [done, late] = await meet(lock, changing, changing);
    expect(done).toMatchObject({ __typename: 'PasswordChanged' });
    expect(late).toMatchObject({ __typename: 'Unauthenticated' });
    expect(await traces()).toEqual(ofChange);
  });

  it('and a reset come after a change whose row the app has restored: our version keeps both away', async () => {
    const key = await app.latchkey.keyFor(email);
    // What such a change leaves: the row looks as before, and our versions have risen.
    const raise = `update ${ours.versions} set version = 2, session_version = 2 where account_id = $1`;
    const [late, last] = await meet(raise, changing, () => app.reset(key));
    expect(late).toMatchObject({ __typename: 'Unauthenticated' });
    expect(last).toMatchObject({ __typename: 'InvalidResetKey', reason: 'SUPERSEDED' });
    expect(await hashNow()).toBe(oldHash);
    expect(await traces()).toEqual({ ...none, raised: 1 });
  });

  it('comes after the end of its session: nothing changes', async () => {
    await app.latchkey.keyFor(email);
    const held = `select 1 from ${ours.versions} where account_id = $1 for update`;
    const [, late] = await meet(held, () => app.latchkey.as(token).signOutEverywhere(), changing);
    expect(late).toMatchObject({ __typename: 'Unauthenticated' });
    expect(await hashNow()).toBe(oldHash);
    expect(await traces()).toEqual(none);
  });

  it.each([
    ['changes the hash', change],
    ['makes the row with the hash anew', anew],
    ['suspends the owner', 'update users set deleted_at = now() where id = $1'],
    ['changes the address', `update users set email = 'b.' || email where id = $1`],
    ['deletes the owner', 'delete from users where id = $1'],
  ])('waits for the app, which %s: what the app did stays, and nothing of ours', async (_what, meanwhile) => {
    await theirs.query('begin');
    await theirs.query(lock, [id]);
    const late = changing();
    await untilWeWait(app);
    await theirs.query(meanwhile, [id]);
    await theirs.query('commit');
    const after = await hashNow();
    expect(await late).toMatchObject({ __typename: 'Unauthenticated' });
    expect(await hashNow()).toBe(after);
    expect(await traces()).toEqual(none);
  });

  it('waits for our own version while the app changes the hash: the app`s stays', async () => {
    await app.latchkey.keyFor(email);
    await theirs.query('begin');
    await theirs.query(`select 1 from ${ours.versions} where account_id = $1 for update`, [id]);
    const late = changing();
    await untilWeWait(app);
    await app.database.query(change, [id]);
    await theirs.query('commit');
    expect(await late).toMatchObject({ __typename: 'Unauthenticated' });
    expect(await hashNow()).toBe('x');
    expect(await traces()).toEqual(none);
  });

  it('waits for the app, which only touches the row: it goes on', async () => {
    await theirs.query('begin');
    await theirs.query(touch, [id]);
    const changed = changing();
    await untilWeWait(app);
    await theirs.query('commit');
    expect(await changed).toMatchObject({ __typename: 'PasswordChanged' });
    expect(opens(await hashNow(), changedPassword)).toBe(true);
    expect(await traces()).toEqual(ofChange);
  });
});
