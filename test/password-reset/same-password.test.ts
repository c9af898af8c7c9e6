import argon2 from 'argon2';
import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

const password = 'the password that is there';
const same = {
  __typename: 'PasswordRejected',
  message: 'This is already your password: sign in with it.',
  violations: [{ rule: 'SAME_AS_BEFORE', limit: null, actual: null }],
};
const completed = { __typename: 'PasswordResetCompleted' };

let latchkey: TestLatchkey;
let person = 0;
beforeAll(async () => {
  latchkey = await startLatchkey();
});
afterAll(() => latchkey.close());

async function someone(hash?: string | null): Promise<{ email: string; id: string; key: string }> {
  const email = `same.${++person}@example.com`;
  const id = await latchkey.signUp(email, password);
  if (hash !== undefined)
    await latchkey.database.query('update account set password_hash = $1 where id = $2', [hash, id]);
  return { email, id, key: await latchkey.keyFor(email) };
}
const reset = (key: string, text: string) => latchkey.client.resetPassword({ key, password: text });
const stored = async (id: string) =>
  (await latchkey.database.query('select password_hash, credential_version from account where id = $1', [id]))[0];

describe('a reset to the password that the account has', () => {
  const forms = {
    ours: () => undefined,
    'bcrypt 10': () => bcrypt.hashSync(password, 10),
    "PHP's argon2id": async () =>
      (await argon2.hash(password, { memoryCost: 65_536, timeCost: 4, parallelism: 1 })).replace(
        'm=65536,p=1,t=4',
        'm=65536,t=4,p=1',
      ),
  };
  // Shows: ARTHA 4.1.4
  it.each(Object.entries(forms))('is refused and burns nothing: %s', async (_name, hash) => {
    const { email, id, key } = await someone(await hash());
    const before = await stored(id);
    expect(await reset(key, password)).toMatchObject(same);
    // In either Unicode composition.
    expect(await reset(key, password.normalize('NFD'))).toMatchObject(same);
    expect(await stored(id)).toEqual(before);
    expect(await latchkey.signIn(email, password)).toBeDefined();
    expect(await reset(key, 'a quite new password')).toMatchObject(completed);
    expect(await latchkey.signIn(email, password)).toBeUndefined();
  });

  it('is told alone, of a password that keeps every other rule', async () => {
    const { id, key } = await someone();
    await latchkey.database.query('update account set password_hash = $1 where id = $2', [
      bcrypt.hashSync('passwordpassword', 4),
      id,
    ]);
    expect(await reset(key, 'passwordpassword')).toMatchObject({ violations: [{ rule: 'TOO_COMMON' }] });
    expect((await latchkey.client.passwordPolicy()).rules).toContain('SAME_AS_BEFORE');
  });

  it.each([
    ['none', null],
    ['one that nobody reads', '$2x$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'],
  ])('is not looked for where the hash is %s', async (_name, hash) => {
    const { email, key } = await someone(hash);
    expect(await reset(key, password)).toMatchObject(completed);
    expect(await latchkey.signIn(email, password)).toBeDefined();
  });

  it('is no answer to the retry of a reset that took place: same key, same password, success', async () => {
    const { key } = await someone();
    const both = await Promise.all([reset(key, 'a quite new password'), reset(key, 'a quite new password')]);
    expect(both).toMatchObject([completed, completed]);
    expect(await reset(key, 'a quite new password')).toMatchObject(completed);
  });

  it('leaves whoever is not told of it with a changed password, however many try at the same time', async () => {
    const { id, key } = await someone();
    const guesses = [password, 'one guess at the password', 'another guess at it', 'a third guess at it'];
    const answers = await Promise.all(guesses.map((guess) => reset(key, guess)));
    expect(answers.filter(({ __typename }) => __typename === 'PasswordResetCompleted')).toHaveLength(1);
    expect(await stored(id)).toMatchObject({ credential_version: 2 });
  });

  it('is told ten times a day for an account, by whatever key, and never keeps another password out', async () => {
    const { email, id, key } = await someone();
    const second = await latchkey.keyFor(email);
    for (let count = 0; count < 10; count++)
      expect(await reset(count % 2 ? key : second, password)).toMatchObject(same);
    expect(await reset(key, password)).toMatchObject({ __typename: 'TooManyRequests' });
    expect(await reset(second, 'a quite new password')).toMatchObject(completed);
    await latchkey.services.audit.written();
    const [told] = await latchkey.database.query<{ n: number }>(
      `select sum(count)::int as n from audit_refusal where detail = 'SAME_AS_BEFORE' and account_id = $1`,
      [id],
    );
    expect(told).toEqual({ n: 10 });
  });
});

describe('a change to the password that the account has', () => {
  const change = async (token: string, newPassword: string, currentPassword = password) =>
    latchkey.as(token).changePassword({ currentPassword, newPassword });

  // Shows: ARTHA 4.1.4
  it('is refused, after the current one was proved', async () => {
    const { email, id } = await someone();
    const token = (await latchkey.signIn(email, password)) ?? '';
    const before = await stored(id);
    expect(await change(token, password)).toMatchObject(same);
    expect(await change(token, password, 'not the current one')).toMatchObject({ __typename: 'InvalidCredentials' });
    expect(await stored(id)).toEqual(before);
    expect(await change(token, 'a quite new password')).toMatchObject({ __typename: 'PasswordChanged' });
  });

  it('is refused where bcrypt does not tell the two apart', async () => {
    const long = `${'so long that bcrypt reads only its beginning '.repeat(2)}end`;
    const { email } = await someone(bcrypt.hashSync(long, 5));
    const token = (await latchkey.signIn(email, long)) ?? '';
    expect(await change(token, `${long} or another`, long)).toMatchObject(same);
    expect(await change(token, 'a quite new password', long)).toMatchObject({ __typename: 'PasswordChanged' });
  });
});
