import { beforeEach, describe, expect, it, vi } from 'vitest';
import { migrateUp } from '../../../src/services/migrate.js';
import { schemasOf } from '../../../src/stores/postgres/schemas.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { Latchkey, main } from '../../support/processes.js';
import { type RoleDatabase, roleDatabase } from './role-database.js';

vi.setConfig({ testTimeout: 60_000 });

let database: RoleDatabase;
const withOptions = (options: string) =>
  Object.assign(new URL(database.url), { search: `?options=${encodeURIComponent(options)}` }).href;
const schemasWithTables = async () => {
  const rows = await database.query<{ name: string }>(
    `select distinct schemaname as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  return rows.map(({ name }) => name);
};

/** Sign-up, sign-in, a link, a reset, a change, refusals, the erasing of old rows: every statement of a process. */
async function useEverything(latchkey: TestLatchkey, schema: string): Promise<void> {
  const [email, first, second] = ['alice@example.com', 'the password that gets lost', 'a quite new password'];
  const { client, services } = latchkey;
  await latchkey.signUp(email, first);
  expect(await client.signIn({ email, password: 'a wrong one, as strangers try' })).toMatchObject({
    __typename: 'InvalidCredentials',
  });
  expect(await client.signIn({ email: 'nobody@example.com', password: first })).toMatchObject({
    __typename: 'InvalidCredentials',
  });
  const key = await latchkey.keyFor(email);
  expect(await client.resetPassword({ key, password: second })).toMatchObject({ __typename: 'PasswordResetCompleted' });
  expect(await client.resetPassword({ key, password: second })).toMatchObject({ __typename: 'PasswordResetCompleted' });
  const token = await latchkey.signIn(email, second);
  expect(
    await latchkey.as(token ?? '').changePassword({ currentPassword: second, newPassword: 'the newest of all words' }),
  ).toMatchObject({ __typename: 'PasswordChanged' });
  await latchkey.inbox.waitFor((mail) => mail.to.includes(email) && !mail.text.includes('#key='), 20_000);
  await services.audit.written();
  expect(await services.audit.eraseOld()).toBe(0);
  expect(await services.resetReceipts.eraseOld()).toBe(0);
  expect(await services.jobs.eraseFinished()).toBe(0);
  expect(await services.health()).toMatchObject({ ready: true, parts: { postgres: 'ok', jobs: 'ok' } });
  await database.query(`analyze "${schema}".account`);
  expect((await services.metrics.text()).body).toMatch(/latchkey_rows\{table="account"\}/);
  expect(latchkey.logged()).not.toMatch(/42P01|42883|3F000/);
}

/** The commands, each a process of its own. */
async function typeEverything(url: string): Promise<void> {
  const settings = { DATABASE_URL: url, NODE_ENV: 'production' };
  for (const args of [
    ['account', 'add', 'bob@example.com'],
    ['account', 'show', 'bob@example.com'],
    ['account', 'disable', 'bob@example.com'],
    ['jobs', 'count'],
    ['jobs', 'list', '--json'],
    ['migrate', 'status'],
  ]) {
    expect(await Latchkey.run(args, settings), args.join(' ')).toMatchObject({ code: 0, errors: '' });
  }
  const line = JSON.stringify({ email: 'carol@example.com', hash: null });
  for (const args of [['--dry-run'], []]) {
    const run = Latchkey.of(main, ['account', 'import', ...args, '-'], { settings, hasInput: true });
    run.input.end(`${line}\n`);
    expect(await run.ended).toMatchObject({ code: 0 });
  }
}

async function useAll(url: string, schema = 'latchkey'): Promise<void> {
  const env = { DATABASE_SCHEMA: schema, SIGN_UP: 'open' };
  const at = { url, query: database.query, drop: async () => undefined };
  const latchkey = await startLatchkey({ database: at, env });
  await useEverything(latchkey, schema).finally(() => latchkey.close());
}

beforeEach(() => {
  return () => database?.drop();
});

describe('everything works, and in no other schema than ours,', () => {
  it.each([
    ['nothing', '-c search_path='],
    ['a schema that is not there', '-c search_path=nowhere'],
    ["the app's tables of the same names", '-c search_path=app,public'],
  ])('where search_path leads to %s', async (_what, options) => {
    database = await roleDatabase();
    await database.query(`create schema app authorization ${database.role}`);
    await database.query('create table app.account (id int, email text); create table app.latchkey_migration (id int)');
    await database.query(`insert into app.account values (1, 'alice@example.com')`);
    // It is the app's, whatever its name, where nothing tells that it is the last version's.
    await database.query('drop table app.latchkey_migration');
    const url = withOptions(options);
    await migrateUp(url);
    await migrateUp(url);
    await useAll(url);
    if (options.includes('nowhere')) await typeEverything(url);
    expect(await schemasWithTables()).toEqual(['app', 'latchkey', 'latchkey_jobs']);
    expect(await database.query('select * from app.account')).toEqual([{ id: 1, email: 'alice@example.com' }]);
  });

  it('where a schema is named like the role, and "$user" comes first', async () => {
    database = await roleDatabase();
    await database.query(`create schema ${database.role} authorization ${database.role}`);
    await migrateUp(database.url);
    expect(await migrateUp(database.url)).toContain('the database was at this version already');
    await useAll(database.url);
    expect(await schemasWithTables()).toEqual(['latchkey', 'latchkey_jobs']);
  });

  it('where our schema is named like the role', async () => {
    database = await roleDatabase();
    const schemas = schemasOf(database.role);
    await migrateUp(database.url, { secrets: [] }, schemas);
    expect(await migrateUp(database.url, { secrets: [] }, schemas)).toContain(
      'the database was at this version already',
    );
    await useAll(database.url, database.role);
    expect(await schemasWithTables()).toEqual([schemas.own, schemas.jobs].sort());
  });

  it('where that hides tables of an app from who connects as it, which is told once', async () => {
    database = await roleDatabase();
    await database.query('create table public.users (id int)');
    const schemas = schemasOf(database.role);
    const warning = `warning: there is a role ${database.role}, and now a schema of that name, `;
    const lines = await migrateUp(database.url, { secrets: [] }, schemas);
    expect(lines.filter((line) => line.startsWith('warning'))).toEqual([expect.stringContaining(warning)]);
    expect((await migrateUp(database.url, { secrets: [] }, schemas)).join('\n')).not.toContain('warning');

    await database.query(`drop schema ${schemas.own}, ${schemas.jobs} cascade`);
    await database.query('alter table public.users rename to account');
    expect((await migrateUp(database.url, { secrets: [] }, schemas)).join('\n')).not.toContain('warning');
  });

  it('where the name is a word of SQL', async () => {
    database = await roleDatabase();
    await migrateUp(database.url, { secrets: [] }, schemasOf('user'));
    await useAll(database.url, 'user');
    expect(await schemasWithTables()).toEqual(['user', 'user_jobs']);
  });

  it('in schemas that a DBA made for a role without a right on the database', async () => {
    database = await roleDatabase('connect');
    for (const name of ['latchkey', 'latchkey_jobs']) {
      await database.query(`create schema ${name}`);
      await database.query(`grant usage, create on schema ${name} to ${database.role}`);
    }
    await migrateUp(database.url);
    await useAll(database.url);
  });
});

describe('migrate up says in one line what to run, and changes nothing,', () => {
  const up = () => Latchkey.run(['migrate', 'up'], { DATABASE_URL: database.url });
  const statementIn = (errors: string) => /`((?:create|grant) [^`]+)`/.exec(errors)?.[1] ?? '';

  it('where the role may make no schema', async () => {
    database = await roleDatabase('connect');
    const refused = await up();
    expect(refused).toMatchObject({ code: 1, output: '' });
    expect(refused.errors).toMatch(
      new RegExp(
        `^latchkey: there is no schema latchkey and no latchkey_jobs, and the role ${database.role} may not.*\n$`,
      ),
    );
    expect(await schemasWithTables()).toEqual([]);
    await database.query(statementIn(refused.errors));
    expect(await up()).toMatchObject({ code: 0, errors: '' });
  });

  it('where the role may make no table in the schema', async () => {
    database = await roleDatabase();
    await database.query('create schema latchkey');
    const refused = await up();
    expect(refused).toMatchObject({ code: 1, output: '' });
    expect(refused.errors).toMatch(new RegExp(`^latchkey: the role ${database.role} may not make tables in .*\n$`));
    await database.query(statementIn(refused.errors));
    expect(await up()).toMatchObject({ code: 0, errors: '' });
  });

  it("where the schema holds another program's tables or queue", async () => {
    database = await roleDatabase();
    const session = await database.session();
    try {
      await session.query('create schema latchkey; create table latchkey.account (id int)');
      expect((await up()).errors).toMatch(/schema latchkey holds tables of another program \(account\)/);
      await session.query('drop table latchkey.account');
      await session.query('create table latchkey_jobs.queue (name text)');
      await session.query(`insert into latchkey_jobs.queue values ('invoices')`);
      expect((await up()).errors).toMatch(/schema latchkey_jobs holds the job queue of another program/);
      expect(await schemasWithTables()).toEqual(['latchkey_jobs']);
    } finally {
      await session.end();
    }
  });
});
