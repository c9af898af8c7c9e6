import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { MikroORM } from '@mikro-orm/postgresql';
import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../../src/accounts/accounts.js';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import { Audit } from '../../../src/audit/audit.js';
import { AccountAdmin } from '../../../src/commands/accounts/account-admin.js';
import { createLog } from '../../../src/observability/log.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { openDatabase } from '../../../src/services/database.js';
import { createDatabase, type TestDatabase } from '../../support/stores.js';

const password = 'a password from before';
const hash = bcrypt.hashSync(password, 4);
const argon2 = { memoryKib: 19_456, timeCost: 2 };

let database: TestDatabase;
let orm: MikroORM;
let folder: string;
beforeAll(async () => {
  database = await createDatabase();
  orm = openDatabase(database.url, { poolSize: 1 });
  folder = await mkdtemp(join(tmpdir(), 'latchkey-export-'));
});
afterAll(async () => {
  await orm.close(true);
  await database.drop();
  await rm(folder, { recursive: true });
});
beforeEach(() => database.query('truncate account, audit_event cascade'));

/** Runs a command. @returns its result and what it printed. */
async function told(work: (admin: AccountAdmin) => Promise<unknown>, input = '') {
  const [out, err]: [string[], string[]] = [[], []];
  const admin = new AccountAdmin({
    accounts: new Accounts(orm),
    audit: new Audit(orm, createLog('silent', 'account'), new Metrics()),
    argon2,
    passwordHash: new PasswordHash(argon2, new HashLimiter({ hashConcurrency: 1, hashQueue: 1 })),
    knownLocale: (tag) => tag,
    languages: ['en'],
    terminal: {
      in: Readable.from([Buffer.from(input)]),
      out: { write: (text: string) => out.push(text) },
      err: { write: (text: string) => err.push(text) },
    },
  });
  const answer = await work(admin).catch((error: Error) => error.message);
  return { answer, out: out.join(''), err: err.join('') };
}
const file = async (name: string, content: string | Buffer) => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};
const all = () =>
  database.query(
    `select id, external_id, email, password_hash, locale, status, created_at::text, credential_version,
            encode(imported_digest, 'hex') as digest from account order by id`,
  );
const some = [
  { external_id: 'a"|é', email: 'a@example.com', hash, locale: 'en', createdAt: '2024-05-01T12:00:00.123456Z' },
  { email: 'b@bücher.example', hash: null, status: 'disabled', createdAt: '2023-05-01T12:00:00+02:00' },
  { email: 'c@example.com', hash },
];
const lines = (users: readonly object[]) => users.map((user) => `${JSON.stringify(user)}\n`).join('');

describe('an export', () => {
  it('is read by an import into an empty database, which then has the same accounts', async () => {
    await told((admin) => admin.import('-', {}), lines(some));
    const before = await all();
    expect(before).toHaveLength(3);
    const { out, err } = await told((admin) => admin.export({ withHashes: true }));
    expect(err).toMatch(/^exported 3 accounts with their hashes; /);
    await database.query('truncate account cascade');
    const imported = await told((admin) => admin.import('-', { strict: true }), out);
    expect(imported).toMatchObject({ answer: 0, out: expect.stringMatching(/^3 added, 0 present, 0 refused; /) });
    expect(await all()).toEqual(before);
    const events = await database.query("select detail from audit_event where kind = 'accounts.exported'");
    expect(events).toEqual([{ detail: { accounts: 3, hashes: true } }]);
  });

  it('has no hash unless it is asked for', async () => {
    await told((admin) => admin.import('-', {}), lines(some));
    const { out } = await told((admin) => admin.export({}));
    expect(out).not.toContain('$2b$');
    expect(out.match(/"hash": null/g)).toHaveLength(3);
  });

  it('is a new file that only its owner reads, and takes the place of none unasked', async () => {
    await told((admin) => admin.import('-', {}), lines(some));
    const output = join(folder, 'out.ndjson');
    expect((await told((admin) => admin.export({ output }))).answer).toBeUndefined();
    expect((await stat(output)).mode & 0o777).toBe(0o600);
    const first = await readFile(output, 'utf8');
    const again = await told((admin) => admin.export({ output, withHashes: true }));
    expect(again.answer).toMatch(/^--output: the file is there already/);
    expect(await readFile(output, 'utf8')).toBe(first);
    await told((admin) => admin.export({ output, withHashes: true, force: true }));
    expect(await readFile(output, 'utf8')).toContain(hash);
    expect(await readdir(folder)).not.toContain('out.ndjson.part');
  });
});

describe('an import from a file', () => {
  it('of CSV or a document with a fault anywhere adds nothing', async () => {
    const rows = Array.from({ length: 1_500 }, (_, index) => `p${index}@example.com,`).join('\n');
    const broken = await file('broken.csv', gzipSync(`email,hash\n${rows}\nx@example.com,"y\n`));
    const { answer, out } = await told((admin) => admin.import(broken, {}));
    expect([answer, out]).toEqual([expect.stringMatching(/^line 1502: a quote is opened and not closed/), '']);
    const cut = await file('cut.csv.gz', gzipSync(`email,hash\n${rows}\n`).subarray(0, -9));
    expect((await told((admin) => admin.import(cut, {}))).answer).toBe('the gzip file is cut or damaged (Z_BUF_ERROR)');
    const half = await file('half.json', '[{"user_id":"a","email":"a@example.com"},{"user_id":"b","em');
    const ended = 'the file ends in the middle, after 1 users';
    expect((await told((admin) => admin.import(half, { from: 'auth0' }))).answer).toBe(ended);
    expect(await all()).toEqual([]);
  });

  it('tells refused lines by number and reason in a file, and counts them by reason', async () => {
    const source = lines([{ email: 'a@example.com', hash }, { email: 'x', hash, nick: 1 }, { email: 'y', hash }, {}]);
    const path = await file('refused.ndjson', source);
    const errors = join(folder, 'errors.ndjson');
    const { answer, out, err } = await told((admin) => admin.import(path, { errors }));
    expect([answer, err]).toEqual([2, '']);
    expect(out.split('\n').slice(1)).toEqual([
      '  2 x email is not one plain address',
      '  1 x email is missing',
      '  1 x unknown key, not read: nick',
      '',
    ]);
    expect((await readFile(errors, 'utf8')).split('\n')[0]).toBe(
      '{"number":2,"reason":"email is not one plain address"}',
    );
    expect((await stat(errors)).mode & 0o777).toBe(0o600);
    expect((await told((admin) => admin.import(path, { errors }))).answer).toBe(
      '--errors: the file cannot be made (EEXIST)',
    );
  });

  it('is refused before the first account where the test account does not open', async () => {
    const path = await file('test.ndjson', lines(some));
    const right = await file('right', `${password}\n`);
    const wrong = await file('wrong', 'another password');
    const test = (testAccount: string, testPasswordFile: string) =>
      told((admin) => admin.import(path, { testAccount, testPasswordFile }));
    expect((await test('A@example.com', wrong)).answer).toMatch(
      /^the test account's hash \(line 1\) does not open with its password: a pepper/,
    );
    expect((await test('nobody@example.com', right)).answer).toBe('the test account is not in the file');
    expect((await test('b@bücher.example', right)).answer).toBe('the test account (line 2) has no hash');
    expect(await all()).toEqual([]);
    expect((await test('a@example.com', right)).answer).toBe(0);
    expect(await all()).toHaveLength(3);
  });
});
