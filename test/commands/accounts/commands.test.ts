import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../../src/accounts/accounts.js';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import { AccountAdmin } from '../../../src/commands/accounts/account-admin.js';
import { openDatabase } from '../../../src/services/database.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { Latchkey, main } from '../../support/processes.js';

const bcryptHash = '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';
const password = 'correct horse battery';
let latchkey: TestLatchkey;
let orm: MikroORM;
let folder: string;
beforeAll(async () => {
  latchkey = await startLatchkey();
  orm = openDatabase(latchkey.database.url, { poolSize: 1 });
  folder = await mkdtemp(join(tmpdir(), 'latchkey-import-'));
});
afterAll(async () => {
  await orm.close(true);
  await latchkey.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => latchkey.database.query('truncate account, audit_event cascade'));

/** Runs a command in this process. @returns its result and what it printed. */
async function told(work: (admin: AccountAdmin) => Promise<unknown>, input = '') {
  const [out, err]: [string[], string[]] = [[], []];
  const admin = new AccountAdmin({
    accounts: new Accounts(orm),
    audit: latchkey.services.audit,
    passwordHash: new PasswordHash(
      latchkey.settings.accounts.argon2,
      new HashLimiter({ hashConcurrency: 1, hashQueue: 1 }),
    ),
    argon2: latchkey.settings.accounts.argon2,
    knownLocale: (tag) => latchkey.services.mailTemplates.knownLocale(tag),
    languages: latchkey.services.mailTemplates.languages,
    terminal: {
      in: Readable.from([Buffer.from(input)]),
      out: { write: (text: string) => out.push(text) },
      err: { write: (text: string) => err.push(text) },
    },
  });
  const answer = await work(admin).catch((error: Error) => ({ failure: error.message }));
  return { answer, out: out.join(''), err: err.join('') };
}
const account = async (email: string) =>
  (
    await latchkey.database.query<{
      id: string;
      status: string;
      credential_version: number;
      session_version: number;
      locale: string | null;
    }>('select * from account where email = $1', [email])
  )[0];
const events = async () =>
  (
    await latchkey.database.query<{ kind: string; account_id: string; origin: string }>(
      `select kind, account_id, origin from audit_event where kind ~ '^account.(added|imported|disabled|enabled)' order by id`,
    )
  ).map(({ kind, account_id, origin }) => `${kind} ${account_id} ${origin}`);

describe('adding an account', () => {
  // Shows: R-37, ASVS 6.4.6
  it('makes one that nobody can sign in to, and whose owner gets in by a reset', async () => {
    const { out } = await told((admin) => admin.add(' New@Example.com', { locale: 'EN-us' }));
    const made = await account('new@example.com');
    expect(out).toBe(`added ${made?.id}\n`);
    expect(made).toMatchObject({ status: 'active', locale: 'en', credential_version: 1, session_version: 1 });
    expect(await events()).toEqual([`account.added ${made?.id} command line`]);
    expect(await latchkey.signIn('new@example.com', '')).toBeUndefined();
    const key = await latchkey.keyFor('new@example.com');
    expect(await latchkey.client.resetPassword({ key, password })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
    expect(await latchkey.signIn('new@example.com', password)).toBeDefined();
  });

  it('takes the id that other systems know the account by', async () => {
    const id = randomUUID();
    await told((admin) => admin.add('known@example.com', { id: id.toUpperCase() }));
    expect(await account('known@example.com')).toMatchObject({ id, locale: null });
  });

  it('refuses what is taken or malformed, each with its reason', async () => {
    const id = randomUUID();
    await told((admin) => admin.add('first@example.com', { id }));
    const refusal = async (email: string, options = {}) => (await told((admin) => admin.add(email, options))).answer;
    expect(await refusal('FIRST@example.com')).toEqual({ failure: `the address has an account already: ${id}` });
    expect(await refusal('second@example.com', { id })).toEqual({ failure: 'the id has an account already' });
    expect(await refusal('second@localhost')).toEqual({ failure: 'the address is not one plain e-mail address' });
    expect(await refusal('second@example.com', { id: '42' })).toEqual({ failure: '--id is not a UUID' });
    expect(await refusal('second@example.com', { locale: 'tlh' })).toEqual({
      failure: expect.stringMatching(/^--locale: there are no mails in this language; there are .*en/),
    });
    expect(await latchkey.database.query('select email from account')).toEqual([{ email: 'first@example.com' }]);
    expect(await events()).toEqual([`account.added ${id} command line`]);
  });
});

describe('disabling and enabling an account', () => {
  // Shows: R-64, V-08, ASVS 7.4.2
  it('ends its keys and its tokens for good, and closes it until it is enabled', async () => {
    const id = await latchkey.signUp('off@example.com', password);
    const token = (await latchkey.signIn('off@example.com', password)) ?? '';
    const key = await latchkey.keyFor('off@example.com');
    expect((await told((admin) => admin.disable('OFF@example.com'))).out).toBe(`disabled ${id}\n`);
    expect(await account('off@example.com')).toMatchObject({
      status: 'disabled',
      credential_version: 2,
      session_version: 2,
    });
    expect(await latchkey.as(token).me()).toBeNull();
    expect(await latchkey.signIn('off@example.com', password)).toBeUndefined();

    expect((await told((admin) => admin.enable(id))).out).toBe(`enabled ${id}\n`);
    expect(await account('off@example.com')).toMatchObject({
      status: 'active',
      credential_version: 2,
      session_version: 2,
    });
    expect(await latchkey.as(token).me()).toBeNull();
    expect(await latchkey.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
      __typename: 'InvalidResetKey',
    });
    expect(await latchkey.signIn('off@example.com', password)).toBeDefined();
    expect(await events()).toEqual([`account.disabled ${id} command line`, `account.enabled ${id} command line`]);
  });

  it('may be said twice: the second time changes nothing', async () => {
    const id = await latchkey.signUp('twice@example.com', password);
    const said = async (command: 'disable' | 'enable') => (await told((admin) => admin[command](id.toUpperCase()))).out;
    expect(await said('enable')).toBe(`${id} was enabled already\n`);
    expect(await said('disable')).toBe(`disabled ${id}\n`);
    expect(await said('disable')).toBe(`${id} was disabled already\n`);
    expect(await account('twice@example.com')).toMatchObject({ credential_version: 2, session_version: 2 });
    expect(await events()).toHaveLength(1);
  });

  it.each(['disable', 'enable'] as const)('tells who is not there: %s', async (command) => {
    expect((await told((admin) => admin[command]('nobody@example.com'))).answer).toEqual({
      failure: 'no such account',
    });
    expect((await told((admin) => admin[command](randomUUID()))).answer).toEqual({ failure: 'no such account' });
    expect((await told((admin) => admin[command]('nobody'))).answer).toEqual({
      failure: 'neither an e-mail address nor the id of an account (a UUID)',
    });
  });
});

describe('showing an account', () => {
  // Shows: R-37
  it('tells what is known of it, and the kind of its hash only', async () => {
    const id = await latchkey.signUp('show@example.com', password);
    const { out } = await told((admin) => admin.show('show@example.com', { json: true }));
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(JSON.parse(out)).toEqual({
      id,
      email: 'show@example.com',
      locale: null,
      status: 'active',
      credentialVersion: 1,
      sessionVersion: 1,
      createdAt: instant,
      credentialsChangedAt: instant,
      hash: { algorithm: 'argon2id', memoryKib: 19456, timeCost: 2, parallelism: 1 },
    });
    await latchkey.database.query('update account set password_hash = $1', [bcryptHash]);
    const seen = await latchkey.database.query(
      `select 1 from audit_event where kind = 'account.shown' and account_id = $1`,
      [id],
    );
    expect(seen).toHaveLength(1);
    const plain = await told((admin) => admin.show(id, {}));
    expect(plain.out).toMatch(/^hash +bcrypt 12$/m);
    expect(plain.out).toMatch(/^locale +none$/m);
    expect(plain.out).not.toContain('R9h/');
    expect(await events()).toEqual([]);
  });
});

describe('importing accounts', () => {
  const line = (email: string) => `${JSON.stringify({ email, hash: bcryptHash })}\n`;

  it('answers 0 when everything is there, and 2 when lines were refused', async () => {
    const good = await told((admin) => admin.import('-', {}), line('a@example.com'));
    expect(good).toMatchObject({ answer: 0, err: '', out: expect.stringMatching(/^1 added, 0 present, 0 refused; /) });
    const bad = await told((admin) => admin.import('-', {}), `${line('a@example.com')}{}\n`);
    expect(bad).toMatchObject({
      answer: 2,
      err: 'line 2: email is missing\n',
      out: expect.stringMatching(/^0 added, 1 present, 1 refused; /),
    });
  });

  it('fails with the reason when there is no such file, or it is a folder', async () => {
    expect((await told((admin) => admin.import(join(folder, 'none'), {}))).answer).toEqual({
      failure: 'the file cannot be read (ENOENT)',
    });
    expect((await told((admin) => admin.import(folder, {}))).answer).toEqual({
      failure: 'the file cannot be read (EISDIR)',
    });
  });
});

describe('the command line', () => {
  const start = (args: readonly string[], url = latchkey.database.url) =>
    Latchkey.of(main, ['account', ...args], { settings: { DATABASE_URL: url }, hasInput: true });
  const ended = async (command: Latchkey) => {
    const { code, output: out, errors: err } = await command.ended;
    return { code, out, err };
  };
  const run = (...args: string[]) => ended(start(args));

  it('needs nothing but the database, and runs every command', async () => {
    const added = await run('add', 'cli@example.com', '--locale', 'en');
    const { id } = (await account('cli@example.com')) ?? {};
    expect(added).toEqual({ code: 0, out: `added ${id}\n`, err: '' });
    expect(await run('disable', 'cli@example.com')).toEqual({ code: 0, out: `disabled ${id}\n`, err: '' });
    expect(await run('enable', id ?? '')).toEqual({ code: 0, out: `enabled ${id}\n`, err: '' });
    const shown = await run('show', 'cli@example.com', '--json');
    expect([shown.code, JSON.parse(shown.out)]).toMatchObject([0, { id, status: 'active' }]);
    const file = join(folder, 'accounts.ndjson');
    await writeFile(file, `{"email":"imported@example.com","hash":"${bcryptHash}"}\n[]\n`);
    const rehearsed = await run('import', '--dry-run', file);
    expect(rehearsed).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^dry run: 1 would be added, 0 present, 1 refused;/),
    });
    expect(await account('imported@example.com')).toBeUndefined();
    const imported = await run('import', file);
    expect(imported).toMatchObject({
      code: 2,
      err: 'line 2: is not a JSON object\n',
      out: expect.stringMatching(/^1 added, /),
    });
    expect(await account('imported@example.com')).toMatchObject({ status: 'active' });
  }, 60_000);

  it('fails with one clear line and exit code 1', async () => {
    const away = 'postgres://nobody:secret@127.0.0.1:1/none';
    const url = new URL(latchkey.database.url);
    const notMigrated = Object.assign(new URL(url), { pathname: '/postgres' }).href;
    const missing = Object.assign(new URL(url), { pathname: '/missing' }).href;
    const file = join(folder, 'one.ndjson');
    await writeFile(file, `{"email":"never@example.com","hash":"${bcryptHash}"}\n`);
    const failures = await Promise.all([
      run('show', 'nobody@example.com'),
      ended(start(['add', 'new@example.com'], away)),
      ended(start(['import', file], away)),
      ended(start(['import', file], notMigrated)),
      ended(start(['disable', 'new@example.com'], notMigrated)),
      ended(start(['show', 'new@example.com'], missing)),
      ended(start(['show', 'new@example.com'], '')),
    ]);
    expect(failures.map(({ code }) => code)).toEqual(failures.map(() => 1));
    expect(failures.map(({ err }) => err.replace(/ set; .*/, ''))).toEqual([
      'latchkey: no such account\n',
      'latchkey: the database does not answer (ECONNREFUSED)\n',
      'latchkey: the database does not answer (ECONNREFUSED)\n',
      'latchkey: the database is not migrated: run `latchkey migrate`\n',
      'latchkey: the database is not migrated: run `latchkey migrate`\n',
      'latchkey: the database that DATABASE_URL names does not exist\n',
      'latchkey: 1 wrong setting(s):\n  DATABASE_URL: is not\n',
    ]);
    expect(failures.map(({ out }) => out).join('')).toBe('');
  }, 60_000);

  it.each([
    ['a missing argument', ['add'], "error: missing required argument 'email'"],
    ['an option that there is not', ['add', 'a@example.com', '--password', 'x'], "error: unknown option '--password'"],
    ['one argument too many', ['show', 'a@example.com', 'b@example.com'], 'error: too many arguments'],
    ['a command that there is not', ['remove', 'a@example.com'], "error: unknown command 'remove'"],
  ])('tells %s', async (_name, args, message) => {
    const { code, err } = await run(...args);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  it('ends an import at Ctrl+C, tells how far it got, and keeps that', async () => {
    const command = start(['import', '-']);
    const running = ended(command);
    const lines = (from: number, to: number) =>
      Array.from(
        { length: to - from },
        (_, index) => `{"email":"p${from + index}@example.com","hash":"${bcryptHash}"}\n`,
      );
    command.input.write(lines(0, 2_500).join(''));
    await eventually(
      async () => (await latchkey.database.query<{ n: number }>('select count(*)::int as n from account'))[0]?.n,
      (n) => n === 2_000,
      20_000,
    );
    command.child.kill('SIGINT');
    const { code, out, err } = await running;
    expect(code).toBe(130);
    expect(out).toMatch(/^2500 added, 0 present, 0 refused; /);
    expect(err).toBe(
      'latchkey: interrupted after line 2500; what was done stays, and importing the same lines again is safe\n',
    );
    expect(await events()).toHaveLength(2_500);
  }, 60_000);

  it('ends by itself when the database goes in the middle of an import', async () => {
    const command = start(['import', '-']);
    const running = ended(command);
    const line = (email: string) => `{"email":"${email}","hash":"${bcryptHash}"}\n`;
    const batch = (name: string) =>
      Array.from({ length: 1_000 }, (_, index) => line(`${name}${index}@example.com`)).join('');
    command.input.write(batch('one'));
    await eventually(events, (all) => all.length === 1_000, 20_000);
    await latchkey.database.query(`
      create function cut() returns trigger language plpgsql as $$
      begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$`);
    await latchkey.database.query('create trigger cut before insert on account for each row execute function cut()');
    try {
      command.input.end(batch('two'));
      const { code, out, err } = await running;
      expect(code).toBe(1);
      expect(out).toMatch(/^1000 added, /);
      expect(err).toContain('latchkey: the database does not answer (57P01): stopped after line 1000;');
      expect(err).not.toContain('$2b$');
      expect(out).not.toContain('$2b$');
    } finally {
      await latchkey.database.query('drop trigger cut on account');
    }
  }, 60_000);
});
