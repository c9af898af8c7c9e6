import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../../support/stores.js';
import { adoptIn, makeTables } from './adopting.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database?.drop());

/** The tables of one test alone. */
async function only(tables: string): Promise<void> {
  await database.query('drop schema public cascade; create schema public');
  await makeTables(database, tables);
}

const hash = `'$2b$10$${'a'.repeat(52)}u'`;

describe('the table', () => {
  it('is the one with a name of accounts, among others that would do', async () => {
    await only(`
      create table subscriber (id int primary key, email text, password text);
      create table users (id int primary key, email text, password_digest text);
      insert into users values (1, 'a@b.example', ${hash})`);
    expect((await adoptIn(database.url)).accounts).toEqual({
      table: 'public.users',
      passwordHash: 'password_digest',
      write: { format: 'bcrypt', cost: 10, prefix: '$2b$' },
    });
  });

  it('is a choice between two that are as likely; an answer, or an option, decides', async () => {
    await only(`
      create table users (id int primary key, email text, password text);
      create table members (id int primary key, email text, password text)`);
    const choice =
      /the table of the accounts has to be chosen; one of\n {2}--table public\.members\n {2}--table public\.users$/;
    await expect(adoptIn(database.url)).rejects.toThrow(choice);
    const asked: string[] = [];
    // A person may take hours to answer, and an open transaction keeps dead rows of the whole database.
    const open = `select pid from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start is not null`;
    const { accounts } = await adoptIn(database.url, { write: { format: 'argon2id' } }, async ({ option }) => {
      asked.push(option);
      expect(await database.query(open)).toEqual([]);
      return 'public.members';
    });
    expect([accounts.table, asked]).toEqual(['public.members', ['--table']]);
    const given = { table: 'users', write: { format: 'argon2id' } } as const;
    expect((await adoptIn(database.url, given)).accounts.table).toBe('public.users');
  });

  it('is a choice among all where none looks like one of accounts', async () => {
    await only('create table invoices (id int primary key, amount int)');
    await expect(adoptIn(database.url)).rejects.toThrow(/--table public\.invoices$/);
    await expect(adoptIn(database.url, { table: 'nowhere' })).rejects.toThrow(
      '--table: there is no table or view nowhere that this role may see',
    );
  });

  it('may have any names, given by options', async () => {
    await only(`
      create schema crm;
      create table crm."Kunden" ("Nr" bigint primary key, "Adresse" text, geheim text, "endet" date);
      insert into crm."Kunden" values (7, 'a@b.example', ${hash})`);
    const named = { table: 'crm."Kunden"', email: '"Adresse"' };
    await expect(adoptIn(database.url, named)).rejects.toThrow(
      /the column with the hash of crm\."Kunden" has to be chosen; one of\n {2}--password-hash "Adresse"\n {2}--password-hash geheim$/,
    );
    const given = { ...named, passwordHash: 'geheim', active: '"endet" is null' };
    expect((await adoptIn(database.url, given)).accounts).toMatchObject({
      table: 'crm."Kunden"',
      id: '"Nr"',
      email: '"Adresse"',
      passwordHash: 'geheim',
      active: '"endet" is null',
    });
    await expect(adoptIn(database.url, { ...given, email: 'adresse' })).rejects.toThrow(
      '--email: crm."Kunden" has no column adresse; there are "Nr", "Adresse", geheim, endet',
    );
    await expect(adoptIn(database.url, { ...given, active: 'endet > colour' })).rejects.toThrow(
      /--active: column "colour" does not exist|--active: .*colour/,
    );
    await expect(adoptIn(database.url, { ...given, active: 'true; drop table x' })).rejects.toThrow(
      '"active" has a semicolon',
    );
  });
});

describe('who may recover', () => {
  it('is told by columns, but not by a verification that no row has', async () => {
    await only(`
      create table users (id int primary key, email text, password text, confirmed boolean, "deletedAt" timestamptz,
                          banned boolean not null default false, is_active boolean not null default true);
      insert into users values (1, 'a@b.example', ${hash})`);
    const { accounts, advice } = await adoptIn(database.url);
    expect(accounts.active).toBe('"deletedAt" IS NULL AND NOT banned AND is_active');
    expect(advice).toContain('"active" leaves out confirmed, which holds for no row');
    await database.query('update public.users set confirmed = true');
    expect((await adoptIn(database.url)).accounts.active).toBe(
      'confirmed AND "deletedAt" IS NULL AND NOT banned AND is_active',
    );
  });
});

describe('how a new hash is written', () => {
  it('is a choice where no hash tells it', async () => {
    await only('create table users (id int primary key, email text, password text)');
    await expect(adoptIn(database.url)).rejects.toThrow(
      /\n {2}--write argon2id\n {2}--write bcrypt:10\n {2}--write pbkdf2_sha256:1000000\n {2}--write better-auth-scrypt$/,
    );
  });

  it('is as most are, within what may be written', async () => {
    await only(`
      create table users (id int primary key, email text, password text);
      insert into users select n, n || '@b.example', '$2y$15$${'a'.repeat(52)}u' from generate_series(1, 3) n;
      insert into users values (4, '4@b.example', ${hash}), (5, '5@b.example', 'md5'), (6, '6@b.example', 'md5'), (7, '7@b.example', 'md5'),
        (8, '8@b.example', 'md5')`);
    const { accounts, survey } = await adoptIn(database.url);
    expect(accounts.write).toEqual({ format: 'bcrypt', cost: 14, prefix: '$2y$' });
    expect(survey.kinds).toEqual([
      { name: 'unknown', rows: 4, isRead: false },
      { name: 'bcrypt 15 $2y$', rows: 3, isRead: true },
      { name: 'bcrypt 10 $2b$', rows: 1, isRead: true },
    ]);
  });
});

it("ends the app's sessions, and changes what stands for a version or a time of the row", async () => {
  await only(`
    create table users (id uuid primary key, email text, password text, token_version int, updated_at timestamp, lang text);
    create table user_sessions (token text, user_id uuid references users);
    create table sessions (token text, user_id text);
    create table orders (user_id uuid references users)`);
  expect((await adoptIn(database.url, { write: { format: 'argon2id' } })).accounts).toEqual({
    table: 'public.users',
    passwordHash: 'password',
    locale: 'lang',
    set: { token_version: 'token_version + 1', updated_at: `timezone('UTC', now())` },
    also: ['DELETE FROM public.user_sessions WHERE user_id = :id'],
    write: { format: 'argon2id' },
  });
});

it('says what to add for sessions that hold their account in JSON', async () => {
  await only(`
    create table users (id int primary key, email text, password text);
    create table session (sid varchar primary key, sess json not null, expire timestamp not null)`);
  const { accounts, advice } = await adoptIn(database.url, { write: { format: 'argon2id' } });
  expect(accounts).not.toHaveProperty('also');
  expect(advice).toEqual([expect.stringContaining(`"DELETE FROM public.session WHERE sess ->> 'userId' = :id"`)]);
  await database.query('alter table session alter sess type text');
  expect((await adoptIn(database.url, { write: { format: 'argon2id' } })).advice).toEqual([]);
});

it.each([
  ['pbkdf2_sha256$870000$', { format: 'pbkdf2_sha256', iterations: 870_000 }],
  ['pbkdf2_sha256$20000$', { format: 'pbkdf2_sha256', iterations: 100_000 }],
  ['unusable', { format: 'pbkdf2_sha256', iterations: 1_000_000 }],
])('writes as Django does, with the iterations of %s', async (head, write) => {
  const digest = Buffer.alloc(32, 7).toString('base64');
  await only(`
    create table auth_user (id int primary key, password varchar(128), last_login timestamptz, is_superuser boolean,
      username text, email text, is_active boolean);
    insert into auth_user values (1, '${head}salt$${digest}', null, false, 'a', 'a@b.example', true)`);
  expect((await adoptIn(database.url)).accounts).toEqual({
    ...{ table: 'public.auth_user', passwordHash: 'password', active: 'is_active', write },
  });
});
