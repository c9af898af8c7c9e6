import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEmailAddress } from '../../../src/accounts/email-address.js';
import { kindOfHash } from '../../../src/accounts/passwords/forms/imported-hash.js';
import { dummyOf } from '../../../src/accounts/passwords/forms/names.js';
import { isSimple } from '../../../src/commands/adopt/survey/addresses.js';
import { isReadKind, kindInSql } from '../../../src/commands/adopt/survey/hash-kinds.js';
import { runOn } from '../../support/databases.js';
import { createEmptyDatabase, type TestDatabase } from '../../support/stores.js';
import { adoptIn, makeTables } from './adopting.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database?.drop());

const hash = `'$2b$10$${'a'.repeat(52)}u'`;
const write = { format: 'argon2id' } as const;

describe('addresses', () => {
  it('that get no mail are listed by id and reason, and those that are one address', async () => {
    await makeTables(
      database,
      `create table users (id int primary key, email text, password text, deleted_at date);
       insert into users (id, email, password) values
         (1, 'alice@example.com', ${hash}), (2, 'ALICE@example.com', ${hash}), (3, ' alice@Example.com ', null),
         (4, 'bob@bücher.example', ${hash}), (5, 'bob@xn--bcher-kva.example', ${hash}), (6, 'bob@BÜCHER.example', ${hash}),
         (7, null, ${hash}), (8, '', ${hash}), (9, 'nobody', ${hash}), (10, 'a@b', ${hash}),
         (11, repeat('a', 300) || '@example.com', ${hash}), (12, 'carol@example.com', ${hash}),
         (15, 'bob@xn--bcher-kva.example', ${hash}), (16, 'dave@xn---00k.example', ${hash});
       insert into users values (13, 'carol@example.com', ${hash}, now()), (14, 'nobody', ${hash}, now())`,
    );
    const { survey } = await adoptIn(database.url, { write });
    expect([survey.rows, survey.active, survey.isLowerCase]).toEqual([16, 14, false]);
    const found = survey.findings.map(({ reason, count, first }) => [
      reason,
      count,
      first.map(({ ids }) => ids.join()),
    ]);
    expect(found).toEqual([
      ['have no address (NULL)', 1, ['7']],
      ['have an empty address', 1, ['8']],
      ['have an address that is not one plain e-mail address', 3, ['9', '10', '16']],
      ['have an address of more than 254 characters', 1, ['11']],
      ['have one address together; each gets a mail of its own', 2, ['1,2,3', '4,6,5,15']],
    ]);
    expect(survey.kinds).toEqual([
      { name: 'bcrypt 10 $2b$', rows: 13, isRead: true },
      { name: 'no hash (NULL)', rows: 1, isRead: false },
    ]);
  });

  it('that the database takes for simple are addresses, in the spelling that it compares', async () => {
    const part = fc.string({
      unit: fc.constantFrom(...'abcdefghijklmnopqrsZ0+_-.'),
      minLength: 1,
      maxLength: 70,
      size: 'small',
    });
    const label = fc.string({
      unit: fc.constantFrom(...'abcdefghijklmnopqrsX01-é.'),
      minLength: 1,
      maxLength: 66,
      size: 'small',
    });
    const address = fc
      .tuple(part, label, fc.constantFrom('com', 'c', '1', 'x-y', 'ÄÖ'))
      .map(([local, domain, top]) => `${local}@${domain}.${top}`);
    const some = fc.sample(address, 2_000);
    const rows = await database.query<{ email: string; same: string }>(
      `select email, lower(email collate "C") as same from unnest($1::text[]) as given(email) where ${isSimple('(email collate "C")')}`,
      [some],
    );
    expect(rows.length).toBeGreaterThan(100);
    for (const { email, same } of rows) expect(parseEmailAddress(email), email).toBe(same);
  });
});

describe('the collation of addresses that lower-cases by the rules of a language', () => {
  const byLanguage = async (url = database.url) => {
    const { advice } = await adoptIn(url, { write });
    return advice.flatMap((each) => /^the collation of the addresses \((.*)\) lower-cases/.exec(each)?.[1] ?? []);
  };
  const people = 'id int primary key, password text, email';

  it.each([
    ['text collate "tr-x-icu"', ['pg_catalog."tr-x-icu"']],
    ['text collate "de-x-icu"', []],
    ['text', []],
  ])('is told of %s where it is one', async (type, told) => {
    await database.query('drop schema public cascade; create schema public');
    await makeTables(database, `create table users (${people} ${type})`);
    expect(await byLanguage()).toEqual(told);
  });

  it('is told of a database whose default it is', async () => {
    const name = `turkish_${randomBytes(5).toString('hex')}`;
    const { href: url } = Object.assign(new URL(database.url), { pathname: `/${name}` });
    await database.query(`create database ${name} template template0 locale_provider icu icu_locale 'tr-TR'`);
    try {
      await runOn(url, `create table public.users (${people} text)`);
      expect(await byLanguage(url)).toEqual(['the default of the database']);
    } finally {
      await database.query(`drop database ${name} with (force)`);
    }
  });
});

describe('hashes', () => {
  const kindOf = async (text: string | null) => {
    const [row] = await database.query<{ kind: string }>(
      `select ${kindInSql('(h collate "C")')} as kind from (select $1::text as h) as given`,
      [text],
    );
    return row?.kind ?? '';
  };

  it.each([
    ['bcrypt 12 $2b$', dummyOf('bcrypt 12')],
    ['argon2id m=65536,t=3,p=4', dummyOf('argon2id m=65536,t=3,p=4')],
    ['bcrypt 17 $2b$', dummyOf('bcrypt 17')],
    ['argon2id m=9999999,t=3,p=1', dummyOf('argon2id m=9999999,t=3,p=1')],
    ['bcrypt, not whole', dummyOf('bcrypt 12').slice(0, 50)],
    ['argon2id, not whole or of another version', '$argon2id$v=16$m=65536,t=3,p=4$c2FsdHNhbHQ$ZGlnZXN0'],
    ['Django PBKDF2', 'pbkdf2_sha256$870000$salt$digest='],
    ['Django bcrypt, with its name in front: bcrypt 12', `bcrypt$${dummyOf('bcrypt 12')}`],
    [
      'hexadecimal salt and digest, as of Better Auth scrypt: scrypt ln=14,r=16,p=1',
      `${'0f'.repeat(16)}:${'0f'.repeat(64)}`,
    ],
    ['phpass', '$P$B12345678abcdefghijklmnopqrstuvw'],
    ['phpass: phpass 13', '$P$B12345678abcdefghijklmnopqrstu.'],
    ['hexadecimal digits, as of MD5 or SHA', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['empty text', ''],
    ['no hash (NULL)', null],
    ['unknown', 'hunter2'],
  ])('of the kind %s are counted as that, and as verified if they are', async (kind, text) => {
    expect(await kindOf(text)).toBe(kind);
    expect(isReadKind(kind)).toBe(kindOfHash(text).algorithm !== 'unknown');
  });
});

describe('rows for a hash', () => {
  it('are counted where they stand in a table of their own', async () => {
    await database.query('drop schema public cascade; create schema public');
    await makeTables(
      database,
      `create table users (id int primary key, email text);
       create table credentials (id serial primary key, user_id int references users, password text);
       create index on credentials (password, user_id);
       insert into users select n, n || '@example.com' from generate_series(1, 5) n;
       insert into credentials (user_id, password) values (1, ${hash}), (2, ${hash}), (2, ${hash}), (4, null)`,
    );
    const { accounts, survey, lookUps } = await adoptIn(database.url);
    expect(accounts).toMatchObject({
      passwordHash: 'password',
      passwordTable: { table: 'public.credentials', accountId: 'user_id' },
    });
    expect(
      survey.findings.map(({ reason, count, first }) => [reason, count, first.map(({ ids }) => ids.join())]),
    ).toEqual([
      ['have no row for a hash: they get no mail', 2, ['3', '5']],
      ['have several rows for a hash: they get no mail', 1, ['2']],
    ]);
    expect(lookUps).toEqual([
      { key: 'email', index: null, make: 'CREATE INDEX CONCURRENTLY ON "public"."users" (lower("email"));' },
      { key: 'id', index: 'users_pkey', make: null },
      {
        key: 'passwordTable.accountId',
        index: null,
        make: 'CREATE INDEX CONCURRENTLY ON "public"."credentials" ("user_id");',
      },
    ]);
  });
});
