import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { settled } from '../attacks/attack.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

const password = 'the password that gets lost';
const email = 'alice@example.com';
/** All reach the mailbox of alice, or are refused before anything is counted. */
const spellings = [
  'alice@example.com',
  'ALICE@EXAMPLE.COM',
  ' Alice@Example.com ',
  'alice@ｅｘａｍｐｌｅ.com',
  'alice@example。com',
  'aLiCe@eXample.CoM',
];
const ofBob = (spelling: string) => spelling.replace(/alice/i, (name) => (name === 'ALICE' ? 'BOB' : 'Bob'));
let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({
    env: {
      TRUST_PROXY: '127.0.0.1',
      LIMIT_RESET_PER_ACCOUNT: '2/3600',
      LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: '3/900',
    },
  });
});
afterAll(() => latchkey.close());

// Shows, ASVS 6.2.10, ASVS 6.3.2, NIST 3.1.1.2-6
it('changes nothing, however often: the password, ten years old, opens as before, and the session goes on', async () => {
  expect(await latchkey.database.query('select 1 from account')).toEqual([]);
  await latchkey.signUp(email, password);
  await latchkey.database.query(`update account set credentials_changed_at = now() - interval '10 years'`);
  const row = async () => (await latchkey.database.query('select * from account'))[0];
  const token = (await latchkey.signIn(email, password)) ?? '';
  const before = await row();
  for (let each = 0; each < 8; each++) await latchkey.client.requestPasswordReset({ email });
  await settled(latchkey);
  expect(latchkey.inbox.mails()).toHaveLength(2);
  expect(await row()).toEqual(before);
  expect(await latchkey.as(token).me()).toMatchObject({ email });
  expect(await latchkey.signIn(email, password)).toBeDefined();
});

// Shows: V-18
it('is one counter for every spelling of an address: mails to an account', async () => {
  const before = latchkey.inbox.mails().length;
  await latchkey.signUp('bob@example.com', password);
  for (const each of spellings.map(ofBob)) {
    expect(await latchkey.client.requestPasswordReset({ email: each })).toMatchObject({
      __typename: 'PasswordResetRequested',
    });
  }
  await settled(latchkey);
  const mails = latchkey.inbox.mails().slice(before);
  expect(mails.map(({ envelope }) => envelope.to)).toEqual([['bob@example.com'], ['bob@example.com']]);
});

// Shows: V-18
it('is one counter for every spelling of an address: failed sign-ins', async () => {
  for (const [host, addresses] of [
    [1, spellings.map(ofBob)],
    [2, spellings.map((each) => each.replace(/alice/i, 'nobody'))],
  ] as const) {
    const client = createLatchkeyClient({ url: latchkey.url, headers: { 'x-forwarded-for': `203.0.113.${host}` } });
    const kinds = [];
    for (const each of addresses)
      kinds.push((await client.signIn({ email: each, password: 'wrong horse battery' })).__typename);
    expect(kinds).toEqual([...Array(3).fill('InvalidCredentials'), ...Array(3).fill('TooManyRequests')]);
  }
});
