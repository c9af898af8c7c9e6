import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { killAll, Latchkey } from '../../support/processes.js';
import { createDatabase, type TestDatabase } from '../../support/stores.js';

const password = 'a password from before';
const hash = bcrypt.hashSync(password, 4);
const other = bcrypt.hashSync('another', 4);

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  [database, folder] = await Promise.all([createDatabase(), mkdtemp(join(tmpdir(), 'latchkey-accounts-'))]);
  await writeFile(join(folder, 'users.json.gz'), gzipSync(lines(users)));
  await writeFile(join(folder, 'later.csv'), `email,hash,external_id,nick\nb@example.com,${other},auth0|b,x\n`);
  await writeFile(join(folder, 'password'), password);
});
afterAll(async () => {
  await killAll();
  await database.drop();
  await rm(folder, { recursive: true });
});

const user = (name: string) => ({
  user_id: name,
  email: `${name}@example.com`,
  email_verified: true,
  passwordHash: hash,
});
const users = [user('a'), user('b'), { ...user('c'), email: 'none' }];
const lines = (each: readonly object[]) => each.map((one) => `${JSON.stringify(one)}\n`).join('');

/** Runs `latchkey account` in the folder. @returns its exit code, and what it printed without figures of time. */
async function account(...args: string[]) {
  const { code, output, errors } = await Latchkey.run(['account', ...args], { DATABASE_URL: database.url }, folder);
  const timeless = (text: string) => text.replaceAll(/ \d+\.\d s, \d+ \w+\/s/g, ' …');
  return [code, timeless(output), timeless(errors)];
}
const stored = async () =>
  (await database.query<{ hash: string }>('select password_hash as hash from account order by email')).map(
    (row) => row.hash,
  );
const modeOf = async (name: string) => (await stat(join(folder, name))).mode & 0o777;

it('an export of a product comes in, follows the old system, and goes out again, each by a process of its own', async () => {
  const test = ['--test-account', 'b@example.com', '--test-password-file', 'password'];
  const first = ['import', 'users.json.gz', '--from', 'auth0', '--errors', 'refused', ...test];
  const refused = '  1 x email is not one plain address\n';
  expect(await account(...first)).toEqual([2, `2 added, 0 present, 1 refused; …\n${refused}`, '']);
  expect(await readFile(join(folder, 'refused'), 'utf8')).toBe(
    '{"number":3,"reason":"email is not one plain address"}\n',
  );
  expect(await modeOf('refused')).toBe(0o600);

  const [code, , told] = await account('import', 'later.csv', '--update', ...test);
  expect([code, told]).toEqual([
    1,
    expect.stringMatching(/^latchkey: the test account's hash \(line 2\) does not open .*\n$/),
  ]);
  const key = 'has a key other than id, external_id, email, hash, locale, status, createdAt: nick';
  const strict = await account('import', 'later.csv', '--update', '--strict');
  expect(strict).toEqual([2, `0 added, 0 present, 1 refused; …\n  1 x ${key}\n`, `line 2: ${key}\n`]);
  expect(await stored()).toEqual([hash, hash]);
  const followed = '0 added, 0 present, 0 refused, 1 updated; …\n  1 x unknown key, not read: nick\n';
  expect(await account('import', 'later.csv', '--update')).toEqual([0, followed, '']);
  expect(await stored()).toEqual([hash, other]);

  const out = ['export', '--with-hashes', '--output', 'out'];
  expect(await account(...out)).toEqual([0, '', 'exported 2 accounts with their hashes; …\n']);
  expect([await modeOf('out'), (await readdir(folder)).includes('out.part')]).toEqual([0o600, false]);
  expect(await account(...out)).toEqual([
    1,
    '',
    expect.stringMatching(/^latchkey: --output: the file is there already.*\n$/),
  ]);
  const [, printed] = await account('export');
  expect(String(printed).split('\n')).toHaveLength(3);
  expect(printed).not.toContain('$2b$');

  await writeFile(join(folder, 'out.gz'), gzipSync(await readFile(join(folder, 'out'))));
  await database.query('truncate account cascade');
  expect(await account('import', 'out.gz', '--strict')).toEqual([0, '2 added, 0 present, 0 refused; …\n', '']);
  expect(await stored()).toEqual([hash, other]);
});
