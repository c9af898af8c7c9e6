import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

const password = 'correct horse battery';
const other = 'staple battery horse';
let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({ env: { SIGN_UP: 'confirm' } });
});
afterAll(() => latchkey.close());

const signUp = (email: string, locale?: string) =>
  latchkey.client.signUp({ email, password, ...(locale ? { locale } : {}) });
const keysIn = (text: string) => [...text.matchAll(/#confirm=([A-Za-z0-9_-]{43})\b/g)].map(([, key]) => key ?? '');
/** Signs up and reads the key from the mail. */
const keyFor = async (email: string) => {
  const before = new Set(latchkey.inbox.mails());
  await signUp(email);
  const mail = await latchkey.inbox.waitFor((each) => !before.has(each) && each.to.includes(email));
  const [key = ''] = keysIn(mail.text);
  return key;
};
const confirm = (key: string, text = other) => latchkey.client.confirmSignUp({ key, password: text });
const outcomes = (email: string) =>
  latchkey.database.query<{ state: string; outcome: string | null; data: object }>(
    `select state::text, output ->> 'outcome' as outcome, data from job where name = 'sign-up-request' and data ->> 'email' = $1`,
    [email],
  );
const known = async (email: string) => {
  const key = await keyFor(email);
  expect(await confirm(key)).toMatchObject({ __typename: 'SignUpConfirmed' });
};

describe('signing up', () => {
  // Shows: V-14
  it('answers the same for every address, and keeps no row, no hash and no password', async () => {
    await known('known@example.com');
    const answers = [await signUp('known@example.com'), await signUp('fresh@example.com')];
    expect(answers[0]).toEqual({ __typename: 'SignUpRequested', keyLifetimeSeconds: 3600 });
    expect(answers[1]).toEqual(answers[0]);
    expect(await latchkey.client.signUp({ email: 'fresh@example.com', password: 'short' })).toMatchObject({
      __typename: 'PasswordRejected',
    });
    expect(await latchkey.client.signUp({ email: 'nobody', password })).toMatchObject({
      __typename: 'InvalidEmailAddress',
    });
    const [free, taken] = await Promise.all(
      ['fresh@example.com', 'known@example.com'].map((email) =>
        latchkey.inbox.waitFor(
          ({ to, subject }) => to.includes(email) && !/Finish/.test(subject) === (email[0] === 'k'),
        ),
      ),
    );
    expect(free?.subject).toBe('Finish signing up at Latchkey');
    expect(keysIn(free?.text ?? '')).toHaveLength(1);
    expect(taken?.subject).toBe('You already have an account at Latchkey');
    expect(taken?.text).not.toMatch(/#|[A-Za-z0-9_-]{43}/);
    expect(await latchkey.database.query(`select 1 from account where email = 'fresh@example.com'`)).toEqual([]);
    expect(await latchkey.signIn('fresh@example.com', password)).toBeUndefined();
    const [job] = await outcomes('fresh@example.com');
    expect(Object.keys(job?.data ?? {}).sort()).toEqual(['client', 'email', 'locale', 'requestId']);
    const stored = await Promise.all((await latchkey.redis.keys('sign-up:*')).map((name) => latchkey.redis.get(name)));
    expect(stored.join()).toContain('fresh@example.com');
    expect(stored.join()).not.toContain(password);
  });

  it('reads no account in the request path, whatever the address', async () => {
    const { accounts } = latchkey.services;
    const { find, findWithHash } = accounts;
    const { deliver } = latchkey.services.signUpDelivery;
    let reads = 0;
    let working = 0;
    latchkey.services.signUpDelivery.deliver = async function (job) {
      working++;
      return deliver.call(this, job);
    };
    accounts.find = function (where) {
      reads++;
      return find.call(this, where);
    };
    accounts.findWithHash = function (where) {
      reads++;
      return findWithHash.call(this, where);
    };
    await signUp('known@example.com');
    await signUp('reads@example.com');
    await eventually(
      async () => [reads, working],
      ([read, worked]) => read === 2 && worked === 2,
    );
    Object.assign(accounts, { find, findWithHash });
    latchkey.services.signUpDelivery.deliver = deliver;
  });

  it('sends three mails an hour to a mailbox, of either kind, whatever tag it is given', async () => {
    await known('often@example.com');
    for (const email of ['few@example.com', 'often@example.com']) {
      for (const tagged of [email, email.replace('@', '+a@'), email, email.replace('@', '+b@'), email])
        await signUp(tagged);
    }
    const of = (name: string) =>
      latchkey.database.query<{ outcome: string | null }>(
        `select output ->> 'outcome' as outcome from job where name = 'sign-up-request' and state = 'completed' and data ->> 'email' like $1`,
        [`${name}%`],
      );
    const few = await eventually(
      () => of('few'),
      (rows) => rows.length === 5,
    );
    const often = await eventually(
      () => of('often'),
      (rows) => rows.length === 6,
    );
    expect(few.filter(({ outcome }) => outcome === 'suppressed')).toHaveLength(2);
    expect(often.filter(({ outcome }) => outcome === 'suppressed')).toHaveLength(3);
    expect(latchkey.inbox.mails().filter(({ to }) => to.startsWith('few'))).toHaveLength(3);
  });
});

describe('confirming', () => {
  // Shows: ASVS 6.4.1, ARTHA 9.1.2.1
  it('makes the account with the password that is set through the link, never with the one given before', async () => {
    const email = 'mine@example.com';
    const before = new Set(latchkey.inbox.mails());
    await signUp(email, 'en-GB');
    const mail = await latchkey.inbox.waitFor((each) => !before.has(each) && each.to.includes(email));
    const [key = ''] = keysIn(mail.text);
    expect(await confirm(key, 'short')).toMatchObject({ __typename: 'PasswordRejected' });
    expect(await confirm(key, 'mine@example.com')).toMatchObject({ __typename: 'PasswordRejected' });
    expect(await confirm(key)).toMatchObject({ __typename: 'SignUpConfirmed', account: { email, locale: 'en' } });
    expect(await latchkey.signIn(email, password)).toBeUndefined();
    expect(await latchkey.signIn(email, other)).toBeDefined();
    // The same call again gets the lost answer; a call with another password is refused.
    expect(await confirm(key)).toMatchObject({ __typename: 'SignUpConfirmed' });
    expect(await confirm(key, 'a third one of them')).toMatchObject({ __typename: 'InvalidResetKey', reason: 'USED' });
    expect(await latchkey.signIn(email, other)).toBeDefined();
  });

  it('lets one of many at the same time make it', async () => {
    const key = await keyFor('race@example.com');
    const texts = Array.from({ length: 6 }, (_, index) => `a password of number ${index}`);
    const answers = await Promise.all(texts.map((text) => confirm(key, text)));
    const winners = texts.filter((_, index) => answers[index]?.__typename === 'SignUpConfirmed');
    expect(winners).toHaveLength(1);
    expect(await latchkey.signIn('race@example.com', winners[0] ?? '')).toBeDefined();
  });

  it('is over for every other link once the address has an account', async () => {
    const [first, second] = [await keyFor('twice@example.com'), await keyFor('twice@example.com')];
    expect(await confirm(second)).toMatchObject({ __typename: 'SignUpConfirmed' });
    expect(await confirm(first, 'a password of a thief')).toMatchObject({
      __typename: 'InvalidResetKey',
      reason: 'SUPERSEDED',
    });
    expect(await latchkey.signIn('twice@example.com', other)).toBeDefined();
  });

  // Shows: V-09
  it('takes no reset key, and a reset takes no key of a sign-up', async () => {
    await known('apart@example.com');
    await latchkey.client.requestPasswordReset({ email: 'apart@example.com' });
    const mail = await latchkey.inbox.waitFor(
      ({ to, text }) => to.includes('apart@example.com') && text.includes('#key='),
    );
    const resetKey = /#key=([A-Za-z0-9_-]{43})/.exec(mail.text)?.[1] ?? '';
    expect(await confirm(resetKey)).toMatchObject({ reason: 'UNKNOWN' });
    const signUpKey = await keyFor('apart2@example.com');
    expect(await latchkey.client.resetPassword({ key: signUpKey, password: other })).toMatchObject({
      reason: 'UNKNOWN',
    });
    expect(await latchkey.client.passwordResetKey(signUpKey)).toMatchObject({ reason: 'UNKNOWN' });
    expect(await confirm(signUpKey)).toMatchObject({ __typename: 'SignUpConfirmed' });
  });

  it('refuses a malformed key, a record forged or altered in Redis, and an expired key', async () => {
    expect(await confirm('A'.repeat(43))).toMatchObject({ reason: 'UNKNOWN' });
    expect(await confirm('no key')).toMatchObject({ reason: 'UNKNOWN' });
    const names = new Set(await latchkey.redis.keys('sign-up:*'));
    const key = await keyFor('forged@example.com');
    const name = (await latchkey.redis.keys('sign-up:*')).find((each) => !names.has(each)) ?? '';
    const record = (await latchkey.redis.getBuffer(name)) ?? Buffer.alloc(0);
    await latchkey.redis.set(name, Buffer.from(record.toString('latin1').replace('forged@', 'victim@'), 'latin1'));
    expect(await confirm(key)).toMatchObject({ reason: 'UNKNOWN' });
    await latchkey.redis.set(name, record);
    const { accounts } = latchkey.services;
    const { now } = accounts;
    accounts.now = async () => new Date(Date.now() + 3_700_000);
    expect(await confirm(key)).toMatchObject({ reason: 'EXPIRED' });
    accounts.now = now;
    expect(await confirm(key)).toMatchObject({ __typename: 'SignUpConfirmed' });
  });
});

it('is not there where sign-up is closed, and counts its unknown keys for the caller', async () => {
  const closed = await startLatchkey({
    env: { SIGN_UP: 'closed', LIMIT_KEY_FAILURES_PER_CLIENT: '2/900' },
    withoutWorker: true,
  });
  const client = createLatchkeyClient({ url: closed.url });
  const answers = [];
  for (let each = 0; each < 3; each++)
    answers.push((await client.confirmSignUp({ key: 'A'.repeat(43), password })).__typename);
  expect(answers).toEqual(['InvalidResetKey', 'InvalidResetKey', 'TooManyRequests']);
  await closed.close();
});
