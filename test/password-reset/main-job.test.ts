import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey();
});
afterAll(() => latchkey.close());

// Shows: R-34, ASVS 6.3.7, ASVS 6.4.3, NIST 4.2.1-1, NIST 4.2.2.1-1, NIST 4.2.3-1, NIST 4.6-1, NIST 4.6-4
// Shows: ARTHA 4.1.1, ARTHA 4.1.8, ARTHA 6.1.4, ARTHA 6.1.5, ASVS 7.4.3, NIST 3.1.1.1-1
it('lets somebody who lost the password back in', async () => {
  const { client, inbox } = latchkey;
  await latchkey.signUp('alice@example.com', 'the password that gets lost');
  const oldToken = await latchkey.signIn('alice@example.com', 'the password that gets lost');
  expect(await latchkey.as(oldToken ?? '').me()).toMatchObject({ email: 'alice@example.com' });

  const key = await latchkey.keyFor('alice@example.com');
  expect(await client.passwordResetKey(key)).toMatchObject({ __typename: 'ResetKeyValid' });
  expect(await client.resetPassword({ key, password: 'a quite new password' })).toEqual({
    __typename: 'PasswordResetCompleted',
    signInUrl: null,
    device: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
  });

  expect(await latchkey.signIn('alice@example.com', 'the password that gets lost')).toBeUndefined();
  expect(await latchkey.signIn('alice@example.com', 'a quite new password')).toBeDefined();
  expect(await latchkey.as(oldToken ?? '').me()).toBeNull();
  const notice = await inbox.waitFor((mail) => mail.subject.includes('was changed'));
  expect(notice.envelope.to).toEqual(['alice@example.com']);
});
