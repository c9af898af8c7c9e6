import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, newPassword, oldHash, oldPassword, opens, startBeside, users, usersShape } from './app.js';

let app: App;
let off: App;
let person = 0;
beforeAll(async () => {
  app = await startBeside(users, usersShape);
  off = await startBeside(users, usersShape, { env: { SIGN_IN: 'off', ACCESS_TOKEN_SIGNING_KEY: '' } });
});
afterAll(async () => {
  await app?.close();
  await off?.close();
});

async function somebody(of = app): Promise<{ id: string; email: string }> {
  const email = `person.${++person}@example.com`;
  const sql = 'insert into users (email, password) values ($1, $2) returning id';
  const [row] = await of.database.query<{ id: string }>(sql, [email, oldHash]);
  return { id: row?.id ?? '', email };
}
const hashOf = async (id: string) =>
  (await app.database.query<{ password: string }>('select password from users where id = $1', [id]))[0]?.password;
const tokenOf = async (email: string, password = oldPassword) => (await app.latchkey.signIn(email, password)) ?? '';

describe('signing in with the hashes of the app', () => {
  it('gives a token for the app`s own id, and leaves the hash alone', async () => {
    const { id, email } = await somebody();
    const token = await tokenOf(email);
    expect(await app.latchkey.as(token).me()).toMatchObject({ id, email, passwordChangedAt: null });
    expect(await app.latchkey.signIn(email, 'not this password at all')).toBeUndefined();
    await app.latchkey.services.sessions.settled();
    expect(await hashOf(id)).toBe(oldHash);
  });

  it.each([
    ['a reset here', async (_id: string, email: string) => app.reset(await app.latchkey.keyFor(email))],
    [
      'a new password by the app',
      (id: string) => app.database.query(`update users set password = 'x' where id = $1`, [id]),
    ],
    ['a new address', (id: string) => app.database.query(`update users set email = 'c.' || email where id = $1`, [id])],
    ['a soft deletion', (id: string) => app.database.query('update users set deleted_at = now() where id = $1', [id])],
    [
      'another row under the same id',
      (id: string) =>
        app.database.query(
          `with gone as (delete from users where id = $1 returning *) insert into users (id, email, password) overriding system value select id, 'd.' || email, password from gone`,
          [id],
        ),
    ],
  ])('the token ends with %s', async (_what, change) => {
    const { id, email } = await somebody();
    const token = await tokenOf(email);
    expect(await app.latchkey.as(token).me()).not.toBeNull();
    await change(id, email);
    expect(await app.latchkey.as(token).me()).toBeNull();
  });

  it('a token of our own table, or for another account, opens nothing', async () => {
    const { id, email } = await somebody();
    const other = await somebody();
    const { accessTokens, accounts } = app.latchkey.services;
    const readAt = new Date();
    const mine = await accounts.find({ email });
    for (const claims of [
      { accountId: id, sessionVersion: 1, mark: '' },
      { accountId: id, sessionVersion: 1, mark: 'AAAAAAAAAAA' },
      { accountId: other.id, sessionVersion: mine?.sessionVersion ?? 1, mark: 'q83vEjRWeJA' },
      { accountId: 'not a number', sessionVersion: 1, mark: 'q83vEjRWeJA' },
      { accountId: '99999999999999999999', sessionVersion: 1, mark: 'q83vEjRWeJA' },
    ]) {
      const { accessToken } = await accessTokens.issue(claims, readAt);
      expect(await app.latchkey.as(accessToken).me()).toBeNull();
    }
  });

  it('changes the password, with all that a reset does, and ends the other sessions', async () => {
    const { id, email } = await somebody();
    await app.database.query('insert into sessions (user_id) values ($1)', [id]);
    const [token, other, key] = [await tokenOf(email), await tokenOf(email), await app.latchkey.keyFor(email)];
    const input = { currentPassword: oldPassword, newPassword };
    const changed = await app.latchkey.as(token).changePassword(input);
    expect(changed).toMatchObject({ __typename: 'PasswordChanged' });
    expect(opens(await hashOf(id), newPassword)).toBe(true);
    expect(await app.database.query('select 1 from sessions where user_id = $1', [id])).toEqual([]);
    expect(await app.latchkey.as(other).me()).toBeNull();
    const now = changed.__typename === 'PasswordChanged' ? changed.accessToken : '';
    expect(await app.latchkey.as(now).me()).toMatchObject({ id });
    expect(await app.reset(key)).toMatchObject({ reason: 'SUPERSEDED' });
  });

  it('signs out everywhere', async () => {
    const { id, email } = await somebody();
    const [token, other] = [await tokenOf(email), await tokenOf(email)];
    expect(await app.latchkey.as(token).signOutEverywhere()).toMatchObject({ __typename: 'SignedOutEverywhere' });
    expect(await app.latchkey.as(other).me()).toBeNull();
    expect(await app.latchkey.as(await tokenOf(email)).me()).toMatchObject({ id });
    expect(await hashOf(id)).toBe(oldHash);
  });

  it('a device ends when the app changes the account', async () => {
    const { id, email } = await somebody();
    const signedIn = await app.latchkey.client.signIn({ email, password: oldPassword });
    const device = signedIn.__typename === 'SignedIn' ? signedIn.device : '';
    const { accounts, devices } = app.latchkey.services;
    expect(devices.verify(device, await accounts.find({ id }))).toBeDefined();
    await app.database.query(`update users set password = 'x' where id = $1`, [id]);
    expect(devices.verify(device, await accounts.find({ id }))).toBeUndefined();
  });

  it('makes no account', async () => {
    const { client } = app.latchkey;
    expect(await client.signUp({ email: 'new@example.com', password: newPassword })).toMatchObject({
      __typename: 'SignUpDisabled',
    });
  });
});

describe('SIGN_IN=off', () => {
  it('leaves the recovery alone', async () => {
    const { email } = await somebody(off);
    const { client, url } = off.latchkey;
    expect(await client.signIn({ email, password: oldPassword })).toMatchObject({ code: 'SIGN_IN_DISABLED' });
    expect(await client.signUp({ email, password: oldPassword })).toMatchObject({ code: 'SIGN_UP_DISABLED' });
    expect(await client.changePassword({ currentPassword: oldPassword, newPassword })).toMatchObject({
      __typename: 'SignInDisabled',
    });
    expect(await client.signOutEverywhere()).toMatchObject({ __typename: 'SignInDisabled' });
    expect(await off.latchkey.as('x.y.z').me()).toBeNull();
    expect(await (await fetch(`${url}/.well-known/jwks.json`)).json()).toEqual({ keys: [] });
    expect(await off.reset(await off.latchkey.keyFor(email))).toMatchObject({ __typename: 'PasswordResetCompleted' });
  });
});
