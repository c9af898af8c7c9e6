import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type App,
  circle,
  endsOf,
  logins,
  loginsShape,
  newPassword,
  oldHash,
  opens,
  slowly,
  somebody,
  startBeside,
  untilWeWait,
  users,
} from './app.js';

let app: App;
let slow: App | undefined;
let theirs: pg.Client;
let id: string;
let email: string;
beforeAll(async () => {
  app = await startBeside(`${users}; ${logins}`, loginsShape);
});
afterAll(async () => {
  await slow?.close();
  await app?.close();
});
beforeEach(async () => {
  ({ id, email } = await somebody(app));
  await app.database.query('insert into login (user_id, secret) values ($1, $2)', [id, oldHash]);
  theirs = await app.session();
});

const rowsOfHash = () =>
  app.database.query<{ secret: string }>('select * from login where user_id = $1 order by id', [id]);

it.each([
  ['changes the hash', `update login set secret = 'x' where user_id = $1`],
  ['suspends the owner', 'update users set deleted_at = now() where id = $1'],
  ['changes the address of the owner', `update users set email = 'b.' || email where id = $1`],
  ['deletes the owner', 'delete from users where id = $1'],
  ['deletes the hash', 'delete from login where user_id = $1'],
  ['adds a second hash', `insert into login (user_id, secret) values ($1, 'y')`],
  [
    'makes the row of the hash anew',
    `with gone as (delete from login where user_id = $1) insert into login (user_id, secret) values ($1, 'z')`,
  ],
])('while we wait for the row of the hash, the app %s: the reset changes nothing', async (_what, change) => {
  const key = await app.latchkey.keyFor(email);
  await theirs.query('begin');
  await theirs.query('select 1 from login where user_id = $1 for update', [id]);
  const resetting = app.reset(key);
  await untilWeWait(app);
  await theirs.query(change, [id]);
  await theirs.query('commit');
  const after = await rowsOfHash();
  expect(await resetting).toMatchObject({ __typename: 'InvalidResetKey', reason: 'SUPERSEDED' });
  expect(await rowsOfHash()).toEqual(after);
});

it('while we wait for the row of the hash, the app makes the same anew: nothing changes, and the key lives', async () => {
  const key = await app.latchkey.keyFor(email);
  await theirs.query('begin');
  await theirs.query('delete from login where user_id = $1', [id]);
  const resetting = app.reset(key);
  await untilWeWait(app);
  await theirs.query('insert into login (user_id, secret) values ($1, $2)', [id, oldHash]);
  await theirs.query('commit');
  expect(await resetting).toMatchObject({ __typename: 'TemporarilyUnavailable' });
  expect(await rowsOfHash()).toMatchObject([{ secret: oldHash }]);
  expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
});

it('while we wait for the row of the hash, the app only touches it: the reset goes on', async () => {
  const key = await app.latchkey.keyFor(email);
  await theirs.query('begin');
  await theirs.query('update login set used_at = now() where user_id = $1', [id]);
  const resetting = app.reset(key);
  await untilWeWait(app);
  await theirs.query('commit');
  expect(await resetting).toMatchObject({ __typename: 'PasswordResetCompleted' });
  expect(opens((await rowsOfHash())[0]?.secret, newPassword)).toBe(true);
});

it('while the app holds the row of the owner, which we only read, the reset goes on', async () => {
  const key = await app.latchkey.keyFor(email);
  await theirs.query('begin');
  await theirs.query('update users set updated_at = now() where id = $1', [id]);
  expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
  await theirs.query('commit');
});

it('a circle over both tables is broken by us: the app, which has waited longer, is not the victim', async () => {
  slow ??= await startBeside(`${users}; ${logins}`, { ...loginsShape, also: slowly(loginsShape.also) });
  const person = await somebody(slow);
  await slow.database.query('insert into login (user_id, secret) values ($1, $2)', [person.id, oldHash]);
  const key = await slow.latchkey.keyFor(person.email);
  const wanted = 'update login set used_at = now() where user_id = $1';
  expect(await circle(slow, key, await slow.session(), wanted, person.id)).toBe(1);
});

it.each([
  ['no row for a hash', 'delete from login where user_id = $1'],
  ['two rows for a hash', 'insert into login (user_id, secret) select user_id, secret from login where user_id = $1'],
])('an account with %s gets no key, and is counted', async (_what, change) => {
  await app.database.query(change, [id]);
  await app.latchkey.client.requestPasswordReset({ email });
  expect(await endsOf(app, email)).toEqual(['no-password']);
  expect(app.latchkey.inbox.mails().filter(({ to }) => to.includes(email))).toEqual([]);
});
