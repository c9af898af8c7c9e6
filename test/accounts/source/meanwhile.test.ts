import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import { ResetKeys } from '../../../src/password-reset/keys/reset-keys.js';
import { keyIn } from '../../support/latchkey.js';
import { newSecrets } from '../../support/production-settings.js';
import { type App, endsOf, newPassword, opens, ours, somebody, startBeside, users, usersShape } from './app.js';

const write = { ...usersShape.write, prefix: '$2b$' } as const;
/** What the app does while we hash a new password, or between the look-up of an account and its mail. */
let whileHashing: (() => Promise<unknown>) | undefined;
let beforeMail: (() => Promise<unknown>) | undefined;

class SlowHash extends PasswordHash {
  override async replace(...input: Parameters<PasswordHash['replace']>) {
    const made = await super.replace(...input);
    await whileHashing?.();
    return made;
  }
}

class SlowKeys extends ResetKeys {
  override async remember(...input: Parameters<ResetKeys['remember']>) {
    await super.remember(...input);
    await beforeMail?.();
  }
}

let app: App;
let id: string;
let email: string;
beforeAll(async () => {
  const { SECRET: secret } = newSecrets();
  app = await startBeside(users, usersShape, {
    env: { SECRET: secret },
    overrides: {
      passwordHash: ({ hashLimiter }) =>
        new SlowHash({ memoryKib: 19_456, timeCost: 2 }, hashLimiter ?? expect.fail(), undefined, write),
      resetKeys: ({ redis, log, metrics }) =>
        new SlowKeys(redis ?? expect.fail(), [secret], log ?? expect.fail(), metrics ?? expect.fail(), 'public.users'),
    },
  });
});
afterAll(() => app?.close());
beforeEach(async () => {
  ({ id, email } = await somebody(app));
});
afterEach(() => {
  whileHashing = undefined;
  beforeMail = undefined;
});

const row = () => app.database.query<{ password: string }>('select * from users where id = $1', [id]);
/** What a reset writes beside the hash: our versions, and the jobs that tell of it. */
const traces = async () => [
  await app.database.query(`select version, changed_at from ${ours.versions} where account_id = $1`, [id]),
  await app.database.query(`select id from ${ours.jobs} where data ->> 'accountId' = $1`, [id]),
  await app.database.query('select id from sessions where user_id = $1', [id]),
];

describe('between the look-up of a key and its commit', () => {
  it.each([
    ['the password changes', `update users set password = 'x' where id = $1`],
    ['the password is taken away', 'update users set password = null where id = $1'],
    ['the address changes', `update users set email = 'e.' || email where id = $1`],
    ['the account is suspended', 'update users set deleted_at = now() where id = $1'],
    ['the account is deleted', 'delete from users where id = $1'],
    [
      'the account is made anew with the same address',
      `with gone as (delete from users where id = $1 returning *)
       insert into users (id, email, password) overriding system value select id, email, 'anew' from gone`,
    ],
  ])('%s: nothing of the reset is kept', async (_what, change) => {
    const key = await app.latchkey.keyFor(email);
    let after: unknown;
    whileHashing = async () => {
      await app.database.query(change, [id]);
      after = [await row(), await traces()];
    };
    expect(await app.reset(key)).toMatchObject({ __typename: 'InvalidResetKey', reason: 'SUPERSEDED' });
    expect(after).toBeDefined();
    expect([await row(), await traces()]).toEqual(after);
  });

  it('the account is suspended and opened again: the reset goes on', async () => {
    const key = await app.latchkey.keyFor(email);
    whileHashing = async () => {
      await app.database.query('update users set deleted_at = now() where id = $1', [id]);
      await app.database.query('update users set deleted_at = null where id = $1', [id]);
    };
    expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(opens((await row())[0]?.password, newPassword)).toBe(true);
  });
});

describe('while a mail is on its way', () => {
  it('the address changes: the link in the old mailbox opens nothing, one to the new address does', async () => {
    beforeMail = () => app.database.query(`update users set email = 'moved.' || email where id = $1`, [id]);
    await app.latchkey.client.requestPasswordReset({ email });
    const mail = await app.latchkey.inbox.waitFor(({ to }) => to === email);
    expect(await app.reset(keyIn(mail))).toMatchObject({ __typename: 'InvalidResetKey', reason: 'SUPERSEDED' });
    beforeMail = undefined;
    expect(await app.reset(await app.latchkey.keyFor(`moved.${email}`))).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
  });

  it('the account goes to somebody else with the same address: the link opens nothing', async () => {
    beforeMail = () =>
      app.database.query(
        `with gone as (delete from users where id = $1 returning *)
         insert into users (email, password) select email, 'of another person' from gone`,
        [id],
      );
    await app.latchkey.client.requestPasswordReset({ email });
    const mail = await app.latchkey.inbox.waitFor(({ to }) => to === email);
    expect(await app.reset(keyIn(mail))).toMatchObject({ __typename: 'InvalidResetKey', reason: 'SUPERSEDED' });
    expect(await app.database.query('select password from users where email = $1', [email])).toEqual([
      { password: 'of another person' },
    ]);
    expect(await endsOf(app, email)).toEqual(['sent']);
  });
});
