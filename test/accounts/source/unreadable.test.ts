import { afterAll, beforeAll, expect, it } from 'vitest';
import { type App, newPassword, oldHash, oldPassword, startBeside, users, usersShape } from './app.js';

/** Of libscrypt, which nobody reads here. */
const scrypt = '$s0$e0801$c2FsdHNhbHRzYWx0c2FsdA==$c2FsdHNhbHRzYWx0c2FsdA==';

let app: App;
beforeAll(async () => {
  app = await startBeside(
    `${users}; alter table users alter column password type text;
     insert into users (email, password, deleted_at) values
       ('of.scrypt@example.com', '${scrypt}', null), ('of.md5@example.com', '5f4dcc3b5aa765d61d8327deb882cf99', null),
       ('of.import@example.com', '$peppered${oldHash}', null), ('gone@example.com', '${scrypt}', now()), ('without@example.com', null, null)`,
    usersShape,
  );
});
afterAll(() => app?.close());

const counted = async () => {
  const { body } = await app.latchkey.services.metrics.text();
  const series = [...body.matchAll(/^latchkey_unreadable_hashes_total\{kind="([a-z]+)"\} (\d+)$/gm)];
  return Object.fromEntries(series.map(([, kind, count]) => [kind, Number(count)]));
};

it('a hash that nobody reads is refused like a wrong password, and the operator sees how many of which kind', async () => {
  const { client } = app.latchkey;
  const wrong = await client.signIn({ email: 'bob@example.com', password: 'not this password at all' });
  for (const email of [
    'of.scrypt@example.com',
    'of.scrypt@example.com',
    'of.md5@example.com',
    'of.import@example.com',
  ]) {
    expect(await client.signIn({ email, password: oldPassword })).toEqual(wrong);
  }
  for (const email of ['gone@example.com', 'without@example.com', 'nobody@example.com']) {
    expect(await client.signIn({ email, password: oldPassword })).toEqual(wrong);
  }
  expect(await app.latchkey.signIn('alice@example.com', oldPassword)).toBeDefined();
  expect(await counted()).toEqual({ scrypt: 2, digest: 1, pepper: 1 });
  expect(app.latchkey.logged()).not.toContain(scrypt);
});

it('its owner begins with a recovery, and is counted no more', async () => {
  const before = await counted();
  expect(await app.reset(await app.latchkey.keyFor('of.scrypt@example.com'))).toMatchObject({
    __typename: 'PasswordResetCompleted',
  });
  expect(await app.latchkey.signIn('of.scrypt@example.com', newPassword)).toBeDefined();
  expect(await counted()).toEqual(before);
  const [other] = await app.database.query<{ password: string }>(`select password from users where email like 'bob%'`);
  expect(other?.password).toBe(oldHash);
});
