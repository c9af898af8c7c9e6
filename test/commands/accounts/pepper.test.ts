import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Accounts } from '../../../src/accounts/accounts.js';
import { type ImportFlags, runImport } from '../../../src/commands/accounts/import/run.js';
import { cheapArgon2, importDatabase } from '../../support/imports.js';

const pepper = 'the secret of the old app';
const password = 'a password from before';
const held = bcrypt.hashSync(password + pepper, 4);

const into = importDatabase();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-pepper-'));
});
afterAll(() => rm(folder, { recursive: true }));

const file = async (name: string, content: string) => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

/** Imports users from a file. @param known `PASSWORD_PEPPER`. @returns the exit code or the failure, and the summary. */
async function imported(users: readonly object[], flags: ImportFlags, known?: string) {
  const out: string[] = [];
  const source = await file('users.ndjson', users.map((user) => `${JSON.stringify(user)}\n`).join(''));
  const err = { write: () => undefined };
  const terminal = { in: Readable.from([]), out: { write: (text: string) => out.push(text) }, err };
  const deps = { accounts: new Accounts(into.orm), argon2: cheapArgon2, knownLocale: () => null, err, terminal };
  const answer = await runImport({ ...deps, pepper: known }, source, flags).catch((error: Error) => error.message);
  return { answer, out: out.join('') };
}

const users = [
  { email: 'a@example.com', hash: held },
  { email: 'b@example.com', hash: `{bcrypt}${held}` },
  { email: 'c@example.com', hash: null },
];
const hashes = async () =>
  (await into.database.query<{ hash: string | null }>('select password_hash as hash from account order by email')).map(
    ({ hash }) => hash,
  );

it('marks bare bcrypt hashes and no others, says so, and a test account proves the pepper', async () => {
  const test = { testAccount: 'a@example.com', testPasswordFile: await file('password', `${password}\n`) };
  const missing = /^the test account's hash \(line 1\) does not open with its password: a pepper is missing/;
  expect((await imported(users, test)).answer).toMatch(missing);
  expect((await imported(users, { ...test, pepperFile: await file('wrong', 'another one') })).answer).toMatch(missing);
  expect(await hashes()).toEqual([]);
  const { answer, out } = await imported(users, { ...test, pepperFile: await file('right', `${pepper}\r\n`) });
  expect(answer).toBe(0);
  expect(out).toMatch(
    /^ {2}1 hash holds a pepper: nobody signs in with them unless every API has it as PASSWORD_PEPPER$/m,
  );
  expect(await hashes()).toEqual([`$peppered${held}`, held, null]);
});

it('a second run that forgets the pepper changes no hash that holds it', async () => {
  const pepperFile = await file('right', pepper);
  await imported(users, { pepperFile });
  const other = bcrypt.hashSync(`another${pepper}`, 4);
  const changed = [{ email: 'a@example.com', hash: other }];
  expect((await imported(changed, { update: true })).out).toContain('(--pepper-file)');
  expect((await hashes())[0]).toBe(`$peppered${held}`);
  expect((await imported(changed, { update: true, pepperFile })).out).toContain('1 updated');
  expect((await hashes())[0]).toBe(`$peppered${other}`);
});

it('nor one that a sign-in has renewed since, and so holds it no longer', async () => {
  await imported(users, { pepperFile: await file('right', pepper) });
  const renewed = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';
  await into.database.query('update account set password_hash = $1 where email = $2', [renewed, 'a@example.com']);
  const { answer, out } = await imported(users, { update: true });
  expect([answer, out.includes('(--pepper-file)'), (await hashes())[0]]).toEqual([2, true, renewed]);
});

it('where PASSWORD_PEPPER is set, it has to be said whether the hashes hold it', async () => {
  expect((await imported(users, {}, pepper)).answer).toBe(
    'PASSWORD_PEPPER is set: say --pepper-file <file> if the bcrypt hashes of the file hold it, else --without-pepper',
  );
  expect(await hashes()).toEqual([]);
  expect((await imported(users, { withoutPepper: true }, pepper)).answer).toBe(0);
  expect((await hashes())[0]).toBe(held);
});

it.each<[string, string, ImportFlags, RegExp]>([
  ['empty', '\n', {}, /^--pepper-file: the file is of no use: it is empty$/],
  ['too long', 'x'.repeat(1_025), {}, /^--pepper-file: allowed: 1 to 1024 bytes of text/],
  ['of several lines', 'a\nb', {}, /^--pepper-file: allowed: 1 to 1024 bytes of text without line ends/],
  ['another than PASSWORD_PEPPER', 'other', {}, /^--pepper-file: it holds another pepper than PASSWORD_PEPPER/],
  ['given with --without-pepper', pepper, { withoutPepper: true }, /only one of them can be$/],
  ['given for a product that has none', pepper, { from: 'auth0' }, /\(--from\) hold no pepper$/],
  [
    'not there',
    pepper,
    { pepperFile: '/nowhere' },
    /^--pepper-file: the file is of no use: it cannot be read \(ENOENT\)$/,
  ],
])('a pepper file is refused before the first account: %s', async (_what, content, flags, fault) => {
  const pepperFile = await file('pepper', content);
  expect((await imported(users, { pepperFile, ...flags }, pepper)).answer).toMatch(fault);
  expect(await hashes()).toEqual([]);
});
