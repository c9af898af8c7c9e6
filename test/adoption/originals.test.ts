import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindOfHash } from '../../src/accounts/passwords/forms/imported-hash.js';
import { noChromium, TestBrowser, whyNot } from '../browser/chromium.js';
import { createEmptyDatabase, type TestDatabase } from '../support/stores.js';
import { handToApp } from './app-database.js';
import { type AppUser, distinctUsers } from './original.js';
import { originals } from './originals.js';
import { recover } from './recovery.js';
import { hashesIn, nameOf, ourHashing, writeHash } from './written.js';

const count = 200;
/** Characters of two bytes, and as many bytes as bcrypt reads. */
const newPassword = `the password after a reset ${'ü'.repeat(22)}!`;

let browser: TestBrowser;
beforeAll(async () => {
  if (!noChromium) browser = await TestBrowser.start();
});
afterAll(() => browser?.stop());

for (const original of originals) {
  describe.skipIf(!original.isInstalled)(`${original.name}${original.whyNot}`, () => {
    const { accounts } = original;
    let database: TestDatabase;
    let url: string;
    let users: readonly AppUser[];

    beforeAll(async () => {
      database = await createEmptyDatabase();
      url = await handToApp(database);
      await original.makeSchema(url);
      users = await original.makeUsers(url, count);
    });
    afterAll(async () => {
      await original.close();
      await database?.drop();
    });

    const userAt = (at: number) => users.at(at) as AppUser;
    const opens = ({ address }: AppUser, password: string) => original.verify(url, address, password);

    it('lets its users in by their own passwords, and by no other', async () => {
      const other = userAt(0);
      for (const at of [1, 2, -1]) {
        const user = userAt(at);
        expect(await opens(user, user.password), user.address).toBe(true);
        expect(await opens(user, other.password), user.address).toBe(false);
      }
      expect(await opens({ address: 'nobody@mail.example', password: '' }, userAt(0).password)).toBe(false);
    });

    it('has its users and their hashes where its ACCOUNTS says', async () => {
      const found = await hashesIn(url, accounts);
      expect(found.map(({ address }) => address).sort()).toEqual(users.map(({ address }) => address).sort());
      expect(new Set(found.map(({ hash }) => hash)).size).toBe(distinctUsers);
      for (const { hash } of found) expect(kindOfHash(hash)).toMatchObject({ algorithm: original.hashes });
    });

    it('has hashes that we verify as it does, if they are of a form that we read', async () => {
      const hashes = new Map((await hashesIn(url, accounts)).map(({ address, hash }) => [address, hash]));
      const ours = ourHashing(original);
      for (const { address, password } of users.slice(1, 3)) {
        const verify = (text: string) => ours.verify(hashes.get(address), text, { urgency: 'other' });
        expect(await verify(password), address).toBe(original.hashes !== 'unknown');
        expect(await verify(`.${password.slice(1)}`), address).toBe(false);
      }
    });

    const forms = [accounts.write, ...original.alsoReads].map((written, at) => ({
      written,
      at,
      name: nameOf(written),
    }));
    it.each(forms)('lets in by a hash that we write: $name', async ({ written, at }) => {
      const [user, sharer] = [userAt(3 + at), userAt(3 + at + distinctUsers)];
      expect(sharer.password).toBe(user.password);
      const hash = await ourHashing(original, written).make(newPassword, { urgency: 'reset' });
      const { before, after } = await writeHash(url, accounts, user.address, hash);
      expect(await opens(user, newPassword)).toBe(true);
      expect(await opens(user, `${newPassword.slice(0, -1)}.`)).toBe(false);
      expect(await opens(user, user.password)).toBe(false);
      expect(await opens(sharer, sharer.password)).toBe(true);

      const ours = [accounts.passwordHash ?? 'password_hash', ...Object.keys(accounts.set ?? {})];
      const names = ours.map((each) => each.replaceAll('"', ''));
      const changed = Object.keys(before).filter((column) => !isDeepStrictEqual(before[column], after[column]));
      expect(changed.filter((column) => !names.includes(column))).toEqual([]);
      expect(Object.keys(before)).toEqual(expect.arrayContaining(names));
    });

    it.skipIf(noChromium)(`lets in whoever recovered by mail and page${whyNot}`, async () => {
      const [user, sharer] = [userAt(6), userAt(6 + distinctUsers)];
      expect(await opens(user, user.password)).toBe(true);
      const changes = await recover(database, browser, original, user.address.toUpperCase(), newPassword);
      expect(await opens(user, newPassword)).toBe(true);
      expect(await opens(user, user.password)).toBe(false);
      expect(await opens(sharer, sharer.password)).toBe(true);

      // One row is another one; beside it rows went, of sessions that ended.
      const all = Object.values(changes);
      expect(all.filter(({ come }) => come > 0)).toEqual([{ gone: 1, come: 1 }]);
      expect(all.some(({ come }) => come === 0)).toBe(accounts.also !== undefined);
    });
  });
}

it('knows each form that ACCOUNTS can write by an original', () => {
  const forms = originals.flatMap(({ accounts, alsoReads }) => [accounts.write, ...alsoReads]);
  const prefixes = forms.map((each) => (each.format === 'bcrypt' ? each.prefix : each.format));
  expect(new Set(prefixes)).toEqual(
    new Set(['$2a$', '$2b$', '$2y$', 'argon2id', 'pbkdf2_sha256', 'better-auth-scrypt']),
  );
  expect(Buffer.byteLength(newPassword)).toBe(72);
});
