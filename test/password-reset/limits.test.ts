import { afterEach, describe, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { eventually } from '../support/eventually.js';
import { keyIn, startLatchkey, type TestLatchkey } from '../support/latchkey.js';

const password = 'the password that gets lost';
let latchkey: TestLatchkey;
afterEach(() => latchkey.close());

/** A client with its own IP address, as a trusted proxy names it. */
function from(address: string, accessToken?: string) {
  return createLatchkeyClient({
    url: latchkey.url,
    headers: { 'x-forwarded-for': address },
    accessToken: () => accessToken,
  });
}
const behindProxy = { TRUST_PROXY: '127.0.0.1' };
const settled = (count: number, timeoutMs = 10_000) =>
  eventually(
    () =>
      latchkey.database.query<{ state: string }>(`select state::text from job where name = 'password-reset-request'`),
    (rows) => rows.filter(({ state }) => state === 'completed').length >= count,
    timeoutMs,
  );

describe("a stranger's worst hour", () => {
  // Shows: R-03, V-23
  it('floods no mailbox, and the owner gets in by a link that is there already', async () => {
    latchkey = await startLatchkey({
      env: { ...behindProxy, LIMIT_RESET_PER_ACCOUNT: '3/3600,5/21600', LIMIT_RESET_PER_CLIENT: '30/900' },
    });
    await latchkey.signUp('alice@example.com', password);
    const strangers = Array.from({ length: 10 }, (_, index) => from(`203.0.${index}.7`));
    for (let round = 0; round < 3; round++) {
      await Promise.all(strangers.map((stranger) => stranger.requestPasswordReset({ email: 'alice@example.com' })));
    }
    expect(await from('198.51.100.1').requestPasswordReset({ email: 'alice@example.com' })).toMatchObject({
      __typename: 'PasswordResetRequested',
    });
    // Each suppressed request holds its place as a mail would, and a domain has only a share of the places.
    await settled(31, 60_000);
    const links = latchkey.inbox.mails().filter(({ subject }) => subject.startsWith('Set a new password'));
    // Three, and the reserved place for a network that used none of them.
    expect(links).toHaveLength(4);
    const owner = from('198.51.100.1');
    const last = links.at(-1);
    if (!last) throw new Error('no link');
    expect(await owner.resetPassword({ key: keyIn(last), password: 'a quite new password' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
    expect(await owner.signIn({ email: 'alice@example.com', password: 'a quite new password' })).toMatchObject({
      __typename: 'SignedIn',
    });
  }, 90_000);

  // Shows: V-23, ASVS 6.3.1, NIST 3.2.2-1
  it('cannot keep the owner from signing in with wrong passwords, once the owner has recovered', async () => {
    latchkey = await startLatchkey({
      env: { ...behindProxy, LIMIT_SIGN_IN_PER_ADDRESS: '5/86400', LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: '3/900' },
    });
    await latchkey.signUp('alice@example.com', password);
    const attack = async () => {
      for (let host = 1; host <= 9; host++)
        await from(`203.0.113.${host}`).signIn({ email: 'alice@example.com', password: 'wrong horse battery' });
    };
    await attack();
    const owner = from('198.51.100.1');
    expect(await owner.signIn({ email: 'alice@example.com', password })).toMatchObject({
      __typename: 'InvalidCredentials',
    });
    const key = await latchkey.keyFor('alice@example.com');
    const reset = await owner.resetPassword({ key, password: 'a quite new password' });
    if (reset.__typename !== 'PasswordResetCompleted') throw new Error(reset.__typename);
    const signIn = (address: string, device?: string | null) =>
      from(address).signIn({ email: 'alice@example.com', password: 'a quite new password', device: device ?? null });
    // Also from a laptop without a device token: the new password begins a new window.
    expect(await signIn('192.0.2.44')).toMatchObject({ __typename: 'SignedIn' });
    await attack();
    expect(await signIn('198.51.100.1', reset.device)).toMatchObject({ __typename: 'SignedIn' });
    expect(await signIn('203.0.113.77')).toMatchObject({ __typename: 'InvalidCredentials' });
  });

  // Shows: R-18, ASVS 6.6.3, NIST 4.2.1.2-3
  it('cannot use up anything that a valid key needs', async () => {
    latchkey = await startLatchkey({ env: { LIMIT_KEY_FAILURES_PER_CLIENT: '3/900', LIMIT_HASH_PER_CLIENT: '1/900' } });
    await latchkey.signUp('alice@example.com', password);
    const key = await latchkey.keyFor('alice@example.com');
    const wrong = () => latchkey.client.resetPassword({ key: 'A'.repeat(43), password: 'a quite new password' });
    const answers = [await wrong(), await wrong(), await wrong(), await wrong(), await wrong()].map(
      ({ __typename }) => __typename,
    );
    expect(answers).toEqual([
      'InvalidResetKey',
      'InvalidResetKey',
      'InvalidResetKey',
      'TooManyRequests',
      'TooManyRequests',
    ]);
    expect(await latchkey.client.passwordResetKey('B'.repeat(43))).toMatchObject({ __typename: 'TooManyRequests' });
    expect(await latchkey.client.passwordResetKey(key)).toMatchObject({ __typename: 'ResetKeyValid' });
    expect(await latchkey.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
  });
});

// Shows: V-23
it('keeps nobody who is signed in from changing the password, whatever strangers tried', async () => {
  latchkey = await startLatchkey({ env: { ...behindProxy, LIMIT_SIGN_IN_PER_ADDRESS: '3/86400' } });
  await latchkey.signUp('alice@example.com', password);
  const token = (await latchkey.signIn('alice@example.com', password)) ?? '';
  for (let host = 1; host <= 5; host++)
    await from(`203.0.113.${host}`).signIn({ email: 'alice@example.com', password: 'wrong horse battery' });
  const changed = await from('198.51.100.9', token).changePassword({
    currentPassword: password,
    newPassword: 'a quite new password',
  });
  expect(changed).toMatchObject({ __typename: 'PasswordChanged' });
});

it('verifies no more wrong passwords at the same time than one after the other', async () => {
  latchkey = await startLatchkey({ env: { LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: '4/900' } });
  await latchkey.signUp('alice@example.com', password);
  const wrong = Array.from({ length: 20 }, (_, index) =>
    latchkey.client.signIn({ email: 'alice@example.com', password: `wrong horse battery ${index}` }),
  );
  const kinds = (await Promise.all(wrong)).map(({ __typename }) => __typename);
  expect(kinds.filter((kind) => kind === 'InvalidCredentials')).toHaveLength(4);
  expect(kinds.filter((kind) => kind === 'TooManyRequests')).toHaveLength(16);
});

it('takes back what it counted for a sign-in that succeeds', async () => {
  latchkey = await startLatchkey({
    env: { LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: '2/900', LIMIT_SIGN_IN_PER_ADDRESS: '2/900' },
  });
  await latchkey.signUp('alice@example.com', password);
  for (let each = 0; each < 6; each++) expect(await latchkey.signIn('alice@example.com', password)).toBeDefined();
});

it('takes back what it counted when the database is away in between', async () => {
  latchkey = await startLatchkey({ env: { LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: '2/900' } });
  await latchkey.signUp('alice@example.com', password);
  const token = (await latchkey.signIn('alice@example.com', password)) ?? '';
  const { accounts } = latchkey.services;
  const { findToOpen, findWithHash } = accounts;
  const cut = () => Promise.reject(Object.assign(new Error('cut'), { code: '57P01' }));
  Object.assign(accounts, { findToOpen: cut, findWithHash: cut });
  const change = () =>
    latchkey.as(token).changePassword({ currentPassword: password, newPassword: 'a quite new password' });
  const signIn = () => latchkey.client.signIn({ email: 'alice@example.com', password });
  for (const call of [change, signIn, change, signIn]) expect((await call()).__typename).toBe('TemporarilyUnavailable');
  Object.assign(accounts, { findToOpen, findWithHash });
  expect((await signIn()).__typename).toBe('SignedIn');
  expect((await change()).__typename).toBe('PasswordChanged');
});

it('lets a reset in although the hash queue is full of sign-ins', async () => {
  latchkey = await startLatchkey({ env: { HASH_CONCURRENCY: '1', HASH_QUEUE: '8' } });
  await latchkey.signUp('alice@example.com', password);
  const key = await latchkey.keyFor('alice@example.com');
  let flooding = true;
  const flood = Array.from({ length: 16 }, async (_, index) => {
    while (flooding) await latchkey.client.signIn({ email: `stranger${index}@example.com`, password });
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await latchkey.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
    __typename: 'PasswordResetCompleted',
  });
  flooding = false;
  await Promise.all(flood);
});

it('says "temporarily unavailable", not "requested", when no row was written', async () => {
  latchkey = await startLatchkey({ withoutWorker: true });
  await latchkey.database.query(`delete from queue where name = 'password-reset-request'`);
  expect(await latchkey.client.requestPasswordReset({ email: 'alice@example.com' })).toMatchObject({
    __typename: 'TemporarilyUnavailable',
  });
});

describe('the limits of a caller', () => {
  // Shows: ASVS 6.3.1, NIST 3.1.1.2-18, ARTHA 9.1.1.3.4
  it('are loud and say when to come back: requests, sign-ups, hashes, failed sign-ins', async () => {
    latchkey = await startLatchkey({
      env: {
        LIMIT_RESET_PER_CLIENT: '2/900',
        LIMIT_SIGN_UP_PER_CLIENT: '2/3600',
        LIMIT_HASH_PER_CLIENT: '4/60',
        LIMIT_SIGN_IN_PER_CLIENT: '2/900',
      },
    });
    const { client } = latchkey;
    const ask = () => client.requestPasswordReset({ email: 'nobody@example.com' });
    expect([(await ask()).__typename, (await ask()).__typename]).toEqual([
      'PasswordResetRequested',
      'PasswordResetRequested',
    ]);
    expect(await ask()).toMatchObject({ __typename: 'TooManyRequests', code: 'TOO_MANY_REQUESTS' });
    expect(await ask()).toMatchObject({
      message: expect.stringMatching(/^Too many requests; try again in (900|899) seconds\.$/),
    });

    await latchkey.signUp('one@example.com', password);
    await latchkey.signUp('two@example.com', password);
    expect(await client.signUp({ email: 'three@example.com', password })).toMatchObject({
      __typename: 'TooManyRequests',
    });
    const signIn = (email: string, text: string) => client.signIn({ email, password: text });
    expect(await signIn('one@example.com', 'wrong horse battery')).toMatchObject({ __typename: 'InvalidCredentials' });
    expect(await signIn('two@example.com', 'wrong horse battery')).toMatchObject({ __typename: 'InvalidCredentials' });
    expect(await signIn('one@example.com', password)).toMatchObject({ __typename: 'TooManyRequests' });
    const events = await eventually(
      () =>
        latchkey.database.query<{ limit: string }>(
          `select detail as limit from audit_refusal where kind = 'limit.hit' order by 1`,
        ),
      (rows) => rows.length === 3,
    );
    expect(events.map(({ limit }) => limit)).toEqual(['reset-client', 'sign-in-client', 'sign-up-client']);
  });

  it('count hashing calls, whoever they are for', async () => {
    latchkey = await startLatchkey({ env: { LIMIT_HASH_PER_CLIENT: '2/60' } });
    const signIn = (email: string) => latchkey.client.signIn({ email, password });
    expect((await signIn('a@example.com')).__typename).toBe('InvalidCredentials');
    expect((await signIn('b@example.com')).__typename).toBe('InvalidCredentials');
    expect((await signIn('c@example.com')).__typename).toBe('TooManyRequests');
  });

  it('hold while Redis is away: requests are counted in the process', async () => {
    latchkey = await startLatchkey({ env: { LIMIT_RESET_PER_CLIENT: '3/900' } });
    latchkey.services.redis.disconnect();
    const answers = [];
    for (let each = 0; each < 5; each++)
      answers.push((await latchkey.client.requestPasswordReset({ email: 'nobody@example.com' })).__typename);
    expect(answers).toEqual([
      'PasswordResetRequested',
      'PasswordResetRequested',
      'PasswordResetRequested',
      'TooManyRequests',
      'TooManyRequests',
    ]);
    expect(await latchkey.client.passwordResetKey('A'.repeat(43))).toMatchObject({
      __typename: 'TemporarilyUnavailable',
    });
    const health = await fetch(`${latchkey.url}/readyz`);
    expect([health.status, await health.json()]).toMatchObject([200, { status: 'degraded', parts: { redis: 'away' } }]);
  });
});
