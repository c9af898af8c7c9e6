import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmailAddress } from '../../../src/accounts/email-address.js';
import { resetRequests } from '../../../src/password-reset/reset-requests.js';
import { keyIn } from '../../support/latchkey.js';
import { type App, endsOf, newPassword, oldHash, opens, startBeside, users, usersShape } from './app.js';

let app: App;
let person = 0;
beforeAll(async () => {
  app = await startBeside(
    `${users}; alter table users add column suspended_at timestamptz, add column login_count int not null default 0`,
    { ...usersShape, ends: ['suspended_at', 'token_version'] },
  );
});
afterAll(() => app?.close());

/** A new person of the app. */
async function somebody(): Promise<{ id: string; email: string }> {
  const email = `person.${++person}@example.com`;
  const [row] = await app.database.query<{ id: string }>(
    'insert into users (email, password) values ($1, $2) returning id',
    [email, oldHash],
  );
  return { id: row?.id ?? '', email };
}

const hashOf = async (id: string) => {
  const [row] = await app.database.query<{ password: string | null }>('select password from users where id = $1', [id]);
  return row?.password;
};

describe('a key ends when the app', () => {
  it.each([
    ['changes the password', `update users set password = 'another' where id = $1`],
    ['takes the password away', 'update users set password = null where id = $1'],
    ['changes the address', `update users set email = 'new.' || email where id = $1`],
    ['spells the address in another way', 'update users set email = upper(email) where id = $1'],
    ['deletes the account softly', 'update users set deleted_at = now() where id = $1'],
    ['suspends it, as "ends" says', 'update users set suspended_at = now() where id = $1'],
    ['ends its sessions, as "ends" says', 'update users set token_version = token_version + 1 where id = $1'],
    ['deletes the row', 'delete from users where id = $1'],
    [
      'makes the row anew, under the same id',
      `with gone as (delete from users where id = $1 returning *)
       insert into users (id, email, password) overriding system value select id, email, 'anew' from gone`,
    ],
  ])('%s', async (_what, change) => {
    const { id, email } = await somebody();
    const key = await app.latchkey.keyFor(email);
    await app.database.query(change, [id]);
    const before = await app.database.query('select * from users where id = $1', [id]);
    expect(await app.latchkey.client.passwordResetKey(key)).toMatchObject({ reason: 'SUPERSEDED' });
    expect(await app.reset(key)).toMatchObject({ __typename: 'InvalidResetKey', reason: 'SUPERSEDED' });
    expect(await app.database.query('select * from users where id = $1', [id])).toEqual(before);
  });

  it('but not when it changes what is in neither stamp nor condition', async () => {
    const { id, email } = await somebody();
    const key = await app.latchkey.keyFor(email);
    await app.database.query('update users set login_count = 7, updated_at = now(), language = $2 where id = $1', [
      id,
      'fr',
    ]);
    expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(opens(await hashOf(id), newPassword)).toBe(true);
  });
});

describe('a stamp that comes back revives nothing', () => {
  it('after a reset, when the app restores the whole row from a copy', async () => {
    const { id, email } = await somebody();
    const [used, sibling] = [await app.latchkey.keyFor(email), await app.latchkey.keyFor(email)];
    await app.database.query('create table copy as select * from users where id = $1', [id]);
    expect(await app.reset(used)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    await app.database.query(
      `update users set password = copy.password, token_version = copy.token_version, updated_at = copy.updated_at
         from copy where users.id = copy.id; drop table copy`,
    );
    expect(await hashOf(id)).toBe(oldHash);
    expect(await app.reset(sibling)).toMatchObject({ reason: 'SUPERSEDED' });
    expect(await app.reset(used)).toMatchObject({ reason: 'USED' });
    expect(await hashOf(id)).toBe(oldHash);
  });

  it('after a reset of an account without a password, when the app forces a reset again', async () => {
    const { id, email } = await somebody();
    await app.database.query('update users set password = null where id = $1', [id]);
    const [used, sibling] = [await app.latchkey.keyFor(email), await app.latchkey.keyFor(email)];
    expect(await app.reset(used)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    await app.database.query('update users set password = null, token_version = 0 where id = $1', [id]);
    expect(await app.reset(sibling)).toMatchObject({ reason: 'SUPERSEDED' });
    expect(await hashOf(id)).toBeNull();
  });
});

describe('the address of the mail', () => {
  it('is the stored one, and a link that went to the old address is dead once it changes', async () => {
    const { id, email } = await somebody();
    const key = await app.latchkey.keyFor(email);
    await app.database.query('update users set email = $2 where id = $1', [id, `moved.${email}`]);
    expect(await app.reset(key)).toMatchObject({ reason: 'SUPERSEDED' });
    const before = app.latchkey.inbox.mails().length;
    await app.latchkey.client.requestPasswordReset({ email });
    expect(await endsOf(app, email, 2)).toEqual(['sent', 'no-recipient']);
    expect(app.latchkey.inbox.mails()).toHaveLength(before);
  });

  it('may be one that we do not write to: nobody is asked, and nothing fails', async () => {
    await app.database.query(
      `alter table users alter column email type text;
       insert into users (email) values (null), ('not an address'), (repeat('x', 300) || '@example.com'), ('a@b@c.example')`,
    );
    await app.latchkey.client.requestPasswordReset({ email: 'c@c.example' });
    expect(await endsOf(app, 'c@c.example')).toEqual(['no-recipient']);
  });
});

describe('one address in several spellings', () => {
  it('is several accounts, each of which gets a link to its own stored address', async () => {
    const { database, inbox } = app.latchkey;
    await database.query(
      `insert into users (email, password, deleted_at) values ('twin@example.com', $1, null), ('Twin@Example.com', $1, null),
         ('TWIN@example.com', $1, now())`,
      [oldHash],
    );
    await app.latchkey.client.requestPasswordReset({ email: 'tWin@example.com' });
    const first = await inbox.waitFor(({ to }) => to === 'twin@example.com');
    const second = await inbox.waitFor(({ to }) => to === 'Twin@example.com');
    expect(app.latchkey.logged()).toContain('address-of-several-accounts');
    expect(await app.reset(keyIn(second))).toMatchObject({ __typename: 'PasswordResetCompleted' });
    const rows = await database.query<{ email: string; password: string }>(
      `select email, password from users where lower(email) = 'twin@example.com' order by email collate "C"`,
    );
    expect(rows.map(({ email, password }) => [email, opens(password, newPassword)])).toEqual([
      ['TWIN@example.com', false],
      ['Twin@Example.com', true],
      ['twin@example.com', false],
    ]);
    expect(await app.reset(keyIn(first))).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(inbox.mails().filter(({ to }) => to === 'TWIN@example.com')).toEqual([]);
  });

  it('and where one of them goes while its mail waits, nobody else gets that mail', async () => {
    const [{ id }, other] = [await somebody(), await somebody()];
    const email = 'pair@example.com' as EmailAddress;
    await app.database.query('update users set email = $1 where id = $2', [email, other.id]);
    const request = { email, locale: null, requestId: 'r', client: 'c', accountId: id };
    await app.latchkey.services.jobs.enqueue(resetRequests, request);
    expect(await endsOf(app, email)).toEqual(['no-recipient']);
    expect(app.latchkey.inbox.mails().filter(({ to }) => to === email)).toEqual([]);
  });

  it('hides no active account behind more disabled ones than are looked at', async () => {
    const { database, inbox } = app.latchkey;
    const gone = ['CROWD', 'cROWD', 'CrOWD', 'CRoWD', 'CROwD', 'CROWd'].map((each) => `('${each}@example.com', now())`);
    await database.query(`insert into users (email, deleted_at) values ${gone}, ('Crowd@example.com', null)`);
    await app.latchkey.client.requestPasswordReset({ email: 'crowd@example.com' });
    const mail = await inbox.waitFor(({ to }) => to.toLowerCase() === 'crowd@example.com');
    expect(mail.to).toBe('Crowd@example.com');
    expect(await app.reset(keyIn(mail))).toMatchObject({ __typename: 'PasswordResetCompleted' });
  });
});
