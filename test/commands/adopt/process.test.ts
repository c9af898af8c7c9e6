import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateUp } from '../../../src/services/migrate.js';
import { oldHash, users } from '../../accounts/source/app.js';
import { runOn } from '../../support/databases.js';
import { killAll, Latchkey } from '../../support/processes.js';
import { createEmptyDatabase, type TestDatabase } from '../../support/stores.js';
import { makeTables } from './adopting.js';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-adopt-'));
  database = await createEmptyDatabase();
  await makeTables(
    database,
    `${users}; insert into users (email, password) values ('nobody-s', '${oldHash}'), (null, null)`,
  );
});
afterAll(async () => {
  await killAll();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => Latchkey.run(['adopt', ...args], { DATABASE_URL: database.url }, folder);
const file = async () => JSON.parse(await readFile(join(folder, 'accounts.json'), 'utf8'));

/** What must not be told: a hash, an address, what the tables of the app hold beside. */
const secrets = [oldHash, oldHash.slice(7), 'alice@example.com', 'nobody-s', '@example'];

describe('latchkey adopt', () => {
  it('needs DATABASE_URL alone, writes the file, and tells ids and reasons', async () => {
    const { code, output, errors } = await run();
    expect([code, errors]).toEqual([0, 'latchkey: accounts.json is written; ACCOUNTS=accounts.json uses it\n']);
    expect(await file()).toEqual({
      table: 'public.users',
      passwordHash: 'password',
      active: 'deleted_at IS NULL',
      locale: 'language',
      set: { token_version: 'token_version + 1', updated_at: 'now()' },
      also: ['DELETE FROM public.sessions WHERE user_id = :id'],
      write: { format: 'bcrypt', cost: 4, prefix: '$2b$' },
    });
    expect(output).toMatch(/^table +public\.users$/m);
    expect(output).toMatch(/^accounts +4; all may recover: deleted_at IS NULL$/m);
    expect(output).toMatch(/^hashes +3 {2}bcrypt 04 \$2b\$\n +1 {2}no hash \(NULL\) \(not verified here\)$/m);
    expect(output).toMatch(/1 {2}have no address \(NULL\): 44$/m);
    expect(output).toMatch(/1 {2}have an address that is not one plain e-mail address: 43$/m);
    expect(output).toMatch(
      /^look-ups +email: no index serves it; CREATE INDEX CONCURRENTLY ON "public"\."users" \(lower\("email"\)\);$/m,
    );
    expect(output).toMatch(/also\[0\]: no index serves it$/m);
    for (const each of secrets) expect(output).not.toContain(each);
  });

  it('does not write over a file, unless it is told to', async () => {
    expect(await run('--write', 'argon2id')).toMatchObject({
      code: 1,
      output: '',
      errors: 'latchkey: accounts.json is there already; --force replaces it, --output names another\n',
    });
    expect(await file()).toMatchObject({ write: { format: 'bcrypt' } });
    expect((await run('--write', 'argon2id', '--force')).code).toBe(0);
    expect(await file()).toMatchObject({ write: { format: 'argon2id' } });
  });

  it('prints the file alone with --output -, one object with --json, and addresses only when asked', async () => {
    const { output, errors } = await run('--output', '-');
    expect(JSON.parse(output)).toMatchObject({ table: 'public.users' });
    expect(errors).toMatch(/^table +public\.users$/m);
    const quiet = await run('--output', '-', '--json');
    const found = JSON.parse(quiet.errors);
    expect(found).toMatchObject({ survey: { rows: 4, active: 4 }, file: null, faults: [] });
    for (const each of secrets) expect(quiet.errors).not.toContain(each);
    const told = await run('--output', '-', '--show-addresses');
    expect(told.errors).toContain('43 ("nobody-s")');
    expect(told.errors).not.toContain(oldHash.slice(7));
  });

  it('ends with 2 and writes nothing where a choice is open', async () => {
    await makeTables(database, 'create table accounts (id int primary key, email text, password text)');
    const other = ['--output', 'other.json'];
    expect(await run(...other)).toMatchObject({
      code: 2,
      output: '',
      errors:
        'latchkey: the table of the accounts has to be chosen; one of\n  --table public.accounts\n  --table public.users\n',
    });
    await expect(readFile(join(folder, 'other.json'))).rejects.toThrow('ENOENT');
    expect((await run(...other, '--table', 'users')).code).toBe(0);
  });

  it('writes the file and ends with 2 where the table has to be mended first', async () => {
    await makeTables(database, 'alter table users alter password type varchar(64)');
    const { code, output } = await run('--table', 'users', '--write', 'argon2id', '--force');
    expect(code).toBe(2);
    expect(output).toMatch(
      /^to mend +"passwordHash" holds 64 characters, and the hashes that "write" makes have 97; /m,
    );
  });

  it.each([
    [['--write', 'md5'], /^latchkey: --write: allowed: argon2id, bcrypt:/],
    [['--write', 'bcrypt:99'], /^latchkey: --write: allowed/],
    [['--table', 'nowhere'], /^latchkey: --table: there is no table or view nowhere/],
    [['--table', 'users', '--api-role', 'a', '--worker-role', 'a"; drop'], /^latchkey: .*is no name of a role/],
  ])('names what is wrong with %j', async (args, message) => {
    const { code, errors } = await run('--output', '-', ...args);
    expect(code).toBe(1);
    expect(errors).toMatch(message);
  });
});

describe('latchkey adopt --grants', () => {
  it('prints SQL for a file, and nothing else; it runs, and gives the roles what they need', async () => {
    await run('--table', 'users', '--write', 'bcrypt:4', '--force');
    const named = ['--api-role', 'app_api', '--worker-role', 'app_worker', '--migrate-role', 'app_migrate'];
    const { code, output, errors } = await run('--grants', ...named);
    expect([code, errors]).toEqual([0, '']);
    expect((await run('--grants', 'accounts.json', ...named)).output).toBe(output);
    const may = (role: string, right: string) =>
      `has_column_privilege('${role}', 'public.users', 'password', '${right}')`;
    await runOn(
      database.url,
      `begin; create role app_api; create role app_worker; create role app_migrate; ${output}
       do $$ begin
         assert ${may('app_api', 'UPDATE')} and ${may('app_worker', 'SELECT')} and ${may('app_migrate', 'SELECT')}, 'too little';
         assert not (${may('app_worker', 'UPDATE')} or ${may('app_migrate', 'UPDATE')}), 'too much';
       end $$; rollback`,
    );
  });

  it('says what is wrong with the file, or with the names', async () => {
    expect((await run('--grants', 'missing.json')).errors).toMatch(/ACCOUNTS: .*the file cannot be read \(ENOENT\)/);
    expect(await run('--grants', '--api-role', 'a"; drop')).toMatchObject({ code: 1, output: '' });
  });
});

describe('latchkey adopt --check', () => {
  const check = (...args: string[]) => run('--check', ...args);

  it('says what has to come first', async () => {
    expect(await check('missing.json')).toMatchObject({ code: 1 });
    expect((await check('missing.json')).errors).toMatch(/ACCOUNTS: .*the file cannot be read \(ENOENT\)/);
    await run('--table', 'users', '--write', 'bcrypt:4', '--force');
    expect(await check()).toMatchObject({
      code: 1,
      output: '',
      errors: 'latchkey: the tables of Latchkey are not there yet: run `latchkey migrate up`, then this\n',
    });
  });

  it('tells what a reset changes, and has changed nothing', async () => {
    await migrateUp(database.url);
    const before = await database.query('select * from public.users order by id');
    const { code, output, errors } = await check('--account', '42');
    expect([code, errors]).toEqual([0, '']);
    expect(output.split('\n')).toEqual([
      'table      public.users',
      'account    42',
      'changes    public.sessions: 1 row deleted',
      'changes    public.users: 1 row changed',
      'columns    password, updated_at, token_version',
      'A reset works here; it was rolled back, and nothing has changed.',
      '',
    ]);
    expect(JSON.parse((await check('--json')).output)).toMatchObject({ account: '41', faults: [], triggers: [] });
    expect(await database.query('select * from public.users order by id')).toEqual(before);
    expect(await database.query('select from public.sessions')).toHaveLength(2);
    expect(await database.query('select from latchkey.adopted_account')).toEqual([]);
    expect((await check('--account', '43')).errors).toMatch(/^latchkey: --account: no account with this id is active/);
  });
});
