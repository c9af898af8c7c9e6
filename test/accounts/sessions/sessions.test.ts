import { generateKeyPairSync } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { createRemoteJWKSet, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';

const password = 'correct horse battery';
let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey();
});
afterAll(() => latchkey.close());

const hashOf = async (email: string) => {
  const [row] = await latchkey.database.query<{
    password_hash: string;
    credential_version: number;
    session_version: number;
  }>('select password_hash, credential_version, session_version from account where email = $1', [email]);
  return row;
};

describe('signing up', () => {
  // Shows: V-01
  it('makes an account once for every spelling of an address', async () => {
    const made = await latchkey.client.signUp({ email: ' New@Example.com', password, locale: 'EN-us' });
    expect(made).toMatchObject({ __typename: 'SignedUp', account: { email: 'new@example.com', locale: 'en' } });
    const again = await latchkey.client.signUp({ email: 'NEW@example.COM ', password });
    expect(again).toMatchObject({ __typename: 'EmailAddressTaken', code: 'EMAIL_ADDRESS_TAKEN' });
  });

  it('refuses bad addresses and passwords by name', async () => {
    expect(await latchkey.client.signUp({ email: 'new@localhost', password })).toMatchObject({
      __typename: 'InvalidEmailAddress',
    });
    expect(await latchkey.client.signUp({ email: 'short@example.com', password: 'short' })).toMatchObject({
      __typename: 'PasswordRejected',
      violations: [{ rule: 'TOO_SHORT', limit: 15, actual: 5 }],
    });
    expect(await hashOf('short@example.com')).toBeUndefined();
  });

  it('lets one of many at the same time make the account', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, () => latchkey.client.signUp({ email: 'race@example.com', password })),
    );
    expect(results.filter(({ __typename }) => __typename === 'SignedUp')).toHaveLength(1);
    expect(results.filter(({ __typename }) => __typename === 'EmailAddressTaken')).toHaveLength(7);
  });

  it('is refused where it is closed', async () => {
    const closed = await startLatchkey({ env: { SIGN_UP: 'closed' }, withoutWorker: true });
    expect(await closed.client.signUp({ email: 'new@example.com', password })).toMatchObject({
      __typename: 'SignUpDisabled',
    });
    await closed.close();
  });
});

describe('signing in', () => {
  // Shows: ASVS 7.2.2, ASVS 9.2.4
  it('gives a token that other services can verify by the published key', async () => {
    const id = await latchkey.signUp('jwt@example.com', password);
    const token = (await latchkey.signIn('JWT@example.com', password)) ?? '';
    const keys = createRemoteJWKSet(new URL(`${latchkey.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: 'http://localhost:4000',
      audience: 'http://localhost:4000',
      typ: 'at+jwt',
    });
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
    expect(payload).toMatchObject({ sub: id, ver: 1 });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900);
  });

  // Shows: ARTHA 4.2.6, ARTHA 4.2.7
  it('answers a wrong password, an unknown, a disabled and an impossible address alike', async () => {
    await latchkey.signUp('known@example.com', password);
    await latchkey.signUp('off@example.com', password);
    await latchkey.database.query(`update account set status = 'disabled' where email = 'off@example.com'`);
    const tries = [
      { email: 'known@example.com', password: 'wrong horse battery' },
      { email: 'unknown@example.com', password },
      { email: 'off@example.com', password },
      { email: 'not an address', password },
      { email: 'known@example.com', password: '' },
      { email: 'known@example.com', password: '\ud800' },
      { email: 'known@example.com', password: 'x'.repeat(5_000) },
    ];
    const answers = await Promise.all(tries.map((each) => latchkey.client.signIn(each)));
    for (const answer of answers)
      expect(answer).toEqual({
        __typename: 'InvalidCredentials',
        code: 'INVALID_CREDENTIALS',
        message:
          'Address and password do not match. After too many tries an address opens only with a new password, which you can set by a link in a mail.',
      });
  });

  // Shows: R-55, NIST 3.1.1.2-24
  it('renews a weaker or imported hash, without raising a version', async () => {
    await latchkey.signUp('old@example.com', password);
    await latchkey.database.query('update account set password_hash = $1 where email = $2', [
      bcrypt.hashSync(password, 4),
      'old@example.com',
    ]);
    expect(await latchkey.signIn('old@example.com', 'wrong horse battery')).toBeUndefined();
    expect(await latchkey.signIn('old@example.com', password)).toBeDefined();
    const renewed = await eventually(
      () => hashOf('old@example.com'),
      (row) => row?.password_hash.startsWith('$argon2id$') ?? false,
    );
    expect(renewed).toMatchObject({ credential_version: 1, session_version: 1 });
    expect(await latchkey.signIn('old@example.com', password)).toBeDefined();
  });

  // Shows: V-50
  it('never brings the old password back when a reset overtakes the renewal of its hash', async () => {
    await latchkey.signUp('overtaken@example.com', password);
    const { accounts } = latchkey.services;
    const stale = await accounts.findWithHash({ email: 'overtaken@example.com' });
    const key = await latchkey.keyFor('overtaken@example.com');
    await latchkey.client.resetPassword({ key, password: 'a quite new password' });
    if (!stale) throw new Error('no account');
    await accounts.renewHash(stale, await latchkey.services.passwordHash.make(password, { urgency: 'other' }));
    expect(await latchkey.signIn('overtaken@example.com', password)).toBeUndefined();
    expect(await latchkey.signIn('overtaken@example.com', 'a quite new password')).toBeDefined();
  });
});

describe('a session', () => {
  // Shows: R-62, ASVS 7.2.1, ASVS 9.1.1, ASVS 9.1.2, ASVS 9.1.3, ASVS 9.2.1, ASVS 9.2.2, ASVS 9.2.3, ASVS 7.3.2
  it('is nobody without a token, with rubbish, and with a token that somebody else signed', async () => {
    const id = await latchkey.signUp('forge@example.com', password);
    const { privateKey } = generateKeyPairSync('ed25519');
    const sign = (claims: object, header: { typ?: string } = { typ: 'at+jwt' }) =>
      new SignJWT({ ver: 1, ...claims })
        .setProtectedHeader({ alg: 'EdDSA', ...header })
        .setSubject(id)
        .setIssuer('http://localhost:4000')
        .setAudience('http://localhost:4000')
        .setIssuedAt()
        .setExpirationTime('5m');
    const [signingKey] = latchkey.settings.accounts.accessToken.signingKeys;
    if (!signingKey) throw new Error('no key');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ sub: id, ver: 1, iss: 'http://localhost:4000', aud: 'http://localhost:4000', exp: 9999999999, iat: 1 })).toString('base64url')}.`;
    const bad = [
      'rubbish',
      none,
      await sign({}).sign(privateKey),
      await sign({ ver: 2 }).sign(signingKey),
      await sign({ ver: '1' }).sign(signingKey),
      await sign({ ver: 2 ** 31 }).sign(signingKey),
      await sign({ ver: 1.5 }).sign(signingKey),
      await sign({ ver: -1 }).sign(signingKey),
      await sign({}).setSubject('somebody').sign(signingKey),
      await sign({}).setSubject('').sign(signingKey),
      await sign({}).setSubject(`{${id}}`).sign(signingKey),
      await sign({}).setExpirationTime(1e300).sign(signingKey),
      await sign({}).setAudience('https://other.example').sign(signingKey),
      await sign({}).setExpirationTime('-1m').sign(signingKey),
      await sign({}, {}).sign(signingKey),
      await sign({}, { typ: 'JWT' }).sign(signingKey),
      await sign({}, { typ: 'logout+jwt' }).sign(signingKey),
      await sign({}, { typ: 'secevent+jwt' }).sign(signingKey),
    ];
    for (const token of bad) expect(await latchkey.as(token).me()).toBeNull();
    expect(await latchkey.client.me()).toBeNull();
    expect(await latchkey.as(await sign({}).sign(signingKey)).me()).toMatchObject({ id });
  });

  // Shows: R-62, ASVS 7.4.1
  it('ends everywhere immediately, this one too', async () => {
    await latchkey.signUp('everywhere@example.com', password);
    const [one = '', other = ''] = await Promise.all([
      latchkey.signIn('everywhere@example.com', password),
      latchkey.signIn('everywhere@example.com', password),
    ]);
    expect(await latchkey.as(one).signOutEverywhere()).toMatchObject({ __typename: 'SignedOutEverywhere' });
    expect(await latchkey.as(one).me()).toBeNull();
    expect(await latchkey.as(other).me()).toBeNull();
    expect(await latchkey.as(one).signOutEverywhere()).toMatchObject({ __typename: 'Unauthenticated' });
    expect(await latchkey.signIn('everywhere@example.com', password)).toBeDefined();
  });

  // Shows: ASVS 6.2.2, ASVS 6.2.3, ASVS 6.3.7, ASVS 7.4.3, ASVS 7.5.3
  it('goes on where the password is changed, and ends everywhere else', async () => {
    await latchkey.signUp('change@example.com', password);
    const [mine = '', theirs = ''] = await Promise.all([
      latchkey.signIn('change@example.com', password),
      latchkey.signIn('change@example.com', password),
    ]);
    const wrong = await latchkey
      .as(mine)
      .changePassword({ currentPassword: 'wrong horse battery', newPassword: 'a quite new password' });
    expect(wrong).toMatchObject({ __typename: 'InvalidCredentials' });
    const changed = await latchkey
      .as(mine)
      .changePassword({ currentPassword: password, newPassword: 'a quite new password' });
    if (changed.__typename !== 'PasswordChanged') throw new Error(changed.__typename);
    expect(await latchkey.as(changed.accessToken).me()).toMatchObject({ email: 'change@example.com' });
    expect(await latchkey.as(mine).me()).toBeNull();
    expect(await latchkey.as(theirs).me()).toBeNull();
    const notice = await latchkey.inbox.waitFor(
      ({ to, subject }) => to.includes('change@example.com') && subject.includes('was changed'),
    );
    expect(notice.text).toContain('was changed on');
    expect(
      await latchkey.client.changePassword({ currentPassword: password, newPassword: 'a quite new password' }),
    ).toMatchObject({ __typename: 'Unauthenticated' });
  });

  it('lets one of many changes at the same time win', async () => {
    await latchkey.signUp('race-change@example.com', password);
    const token = (await latchkey.signIn('race-change@example.com', password)) ?? '';
    const passwords = Array.from({ length: 10 }, (_, index) => `new password number ${index}`);
    const results = await Promise.all(
      passwords.map((newPassword) => latchkey.as(token).changePassword({ currentPassword: password, newPassword })),
    );
    const winners = passwords.filter((_, index) => results[index]?.__typename === 'PasswordChanged');
    expect(winners).toHaveLength(1);
    expect(await latchkey.signIn('race-change@example.com', winners[0] ?? '')).toBeDefined();
    expect(await hashOf('race-change@example.com')).toMatchObject({ credential_version: 2 });
  });
});

it('leaves no address in Redis', async () => {
  await latchkey.signUp('pseudonym@example.com', password);
  await latchkey.signIn('pseudonym@example.com', 'wrong horse battery');
  await latchkey.signIn('pseudonym@example.com', password);
  const names = await latchkey.redis.keys('*');
  expect(names.some((name) => name.startsWith('limit:sign-in-address:'))).toBe(true);
  expect(names.join(' ')).not.toContain('pseudonym');
  expect(names.join(' ')).not.toContain('@');
});
