import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fragmentFault, placeholdersIn, withId } from '../../../src/settings/accounts/fragment.js';
import { parseIdentifier, quoteIdentifier } from '../../../src/settings/accounts/identifier.js';
import { readShape } from '../../../src/settings/accounts/read-shape.js';
import { readSettings, SettingsError } from '../../../src/settings/settings.js';
import { productionSettings } from '../../support/production-settings.js';

const base = productionSettings({
  database: 'postgres://u:p@db.example/d',
  redis: 'redis://redis.example',
  smtp: 'smtp://relay.example:587',
});

describe('a name in ACCOUNTS is read as SQL reads it', () => {
  it.each([
    ['users', ['users']],
    ['Users', ['users']],
    ['"Users"', ['Users']],
    ['crm.users', ['crm', 'users']],
    ['"my app"."the ""best"" users"', ['my app', 'the "best" users']],
    ['"a.b"', ['a.b']],
    ['ÄRGER', ['ärger']],
    ['user', ['user']],
  ])('%s', (text, parts) => {
    expect(parseIdentifier(text)).toEqual(parts);
  });

  it.each([
    '',
    ' users',
    'users ',
    'a b',
    'a.',
    '.a',
    '1a',
    '"a',
    'a"b"',
    '""',
    'a;b',
    'a--b',
    "a'b",
    'x'.repeat(64),
    'a..b',
  ])('is none: %j', (text) => {
    expect(parseIdentifier(text)).toBeUndefined();
  });

  it('and means the same when it is quoted', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1, maxLength: 15 }).filter((name) => !name.includes('\0')),
          { minLength: 1, maxLength: 2 },
        ),
        (parts) => {
          expect(parseIdentifier(quoteIdentifier(parts))).toEqual(parts);
        },
      ),
      { seed: 10, numRuns: 300 },
    );
  });
});

describe('a piece of SQL in ACCOUNTS', () => {
  it.each([
    ['deleted_at IS NULL', undefined],
    [`status IN ('a)', 'b;--') AND "odd ( name" > 1`, undefined],
    [`data ->> 'x' ? 'y' AND note = E'it\\'s ('`, undefined],
    ['$tag$ ;) -- $tag$ = body', undefined],
    [`date'2020-01-01' < now()`, undefined],
    ['  ', 'empty'],
    ['(a', 'nothing closes'],
    ['a)', 'did not open'],
    ['a) or (b', 'did not open'],
    [`a = 'b`, 'nothing closes'],
    ['a = "b', 'nothing closes'],
    ['a; b', 'semicolon'],
    ['a -- b', 'comment'],
    ['a /* b */', 'comment'],
    ['a[1', 'nothing closes'],
    ['a = 1\0', 'character'],
  ])('%j has this fault: %s', (sql, fault) => {
    if (fault === undefined) expect(fragmentFault(sql)).toBeUndefined();
    else expect(fragmentFault(sql)).toContain(fault);
  });

  it.each([
    ['delete from s where u = :id', `delete from s where u = '7'`],
    ['f(:id, :id::text, x::id)', `f('7', '7'::text, x::id)`],
    [`u = :id and t = ':id' and ":id" = $$:id$$`, `u = '7' and t = ':id' and ":id" = $$:id$$`],
    ['a[1:id] = :identity', 'a[1:id] = :identity'],
  ])('%s takes the id in place of :id alone', (sql, filled) => {
    expect(withId(sql, `'7'`)).toBe(filled);
  });

  it('names its placeholders', () => {
    expect(placeholdersIn(`:id ':no' :email x::text`)).toEqual(['id', 'email']);
  });
});

const faultsOf = (value: unknown) => {
  const reading = readShape(value);
  return reading.kind === 'Faulty' ? reading.faults.map(({ key, fault }) => `${key}: ${fault}`) : [];
};

describe('the shape', () => {
  it('has a default for everything but the table', () => {
    expect(readShape({ table: 'users' })).toEqual({
      kind: 'Read',
      shape: {
        name: 'public.users',
        table: '"public"."users"',
        id: '"id"',
        email: '"email"',
        passwordHash: '"password_hash"',
        active: 'true',
        locale: 'null',
        passwordTable: undefined,
        set: [],
        also: [],
        ends: [],
        emailIsLowerCase: false,
        write: { format: 'argon2id' },
      },
    });
  });

  it.each<[object, string]>([
    [{}, 'table: is missing'],
    [{ table: 7 }, 'table: is not text'],
    [{ table: 'a.b.c' }, 'table: was "a.b.c"'],
    [{ table: 'users', emial: 'x' }, 'emial: is no key here'],
    [{ table: 'users', email: 'users.email' }, 'email: was "users.email"'],
    [{ table: 'users', active: '' }, 'active: is empty'],
    [{ table: 'users', active: true }, 'active: is not text'],
    [{ table: 'users', active: 'id = :id' }, 'active: has :id'],
    [{ table: 'users', set: { password_hash: `'x'` } }, 'set.password_hash: is the column of the hash'],
    [{ table: 'users', set: { '"password_hash"': `'x'` } }, 'set."password_hash": is the column of the hash'],
    [{ table: 'users', set: { a: '1', A: '2' } }, 'set.A: is a column that is set twice'],
    [{ table: 'users', set: ['a = 1'] }, 'set: is not a JSON object'],
    [{ table: 'users', set: { a: 'now(' } }, 'set.a: has a bracket'],
    [{ table: 'users', also: 'delete from a' }, 'also: is not a list'],
    [{ table: 'users', also: ['delete from a; delete from b'] }, 'also[0]: has a semicolon'],
    [{ table: 'users', also: ['delete from a where b = :email'] }, 'also[0]: has :email'],
    [{ table: 'users', ends: [''] }, 'ends[0]: is empty'],
    [{ table: 'users', passwordTable: { table: 'p' } }, 'passwordTable.accountId: is missing'],
    [
      { table: 'users', passwordTable: { table: 'p', accountId: 'u', wher: 'x' } },
      'passwordTable.wher: is no key here',
    ],
    [{ table: 'users', write: { format: 'md5' } }, 'write.format: was "md5"'],
    [{ table: 'users', write: { format: 'bcrypt', cost: 31 } }, 'write.cost: allowed'],
    [{ table: 'users', write: { format: 'pbkdf2_sha256', iterations: 99_999 } }, 'write.iterations: allowed'],
    [{ table: 'users', write: { format: 'pbkdf2_sha256', iterations: 2_000_001 } }, 'write.iterations: allowed'],
    [{ table: 'users', write: { format: 'pbkdf2_sha256', iterations: '200000' } }, 'write.iterations: allowed'],
    [{ table: 'users', write: { format: 'pbkdf2_sha256', cost: 10 } }, 'write.cost: is no key here'],
    [{ table: 'users', write: { format: 'better-auth-scrypt', cost: 10 } }, 'write.cost: is no key here'],
    [{ table: 'users', write: { format: 'toString' } }, 'write.format: was "toString"'],
    [{ table: 'users', write: { format: 'argon2id', cost: 10 } }, 'write.cost: is no key here'],
    [{ table: 'users', write: { format: 'bcrypt', prefix: '$2x$' } }, 'write.prefix: allowed'],
    [{ table: 'users', emailIsLowerCase: 'yes' }, 'emailIsLowerCase: is neither'],
  ])('%j is refused by its key', (value, fault) => {
    expect(faultsOf(value).join('\n')).toContain(fault);
  });

  it.each([[null], [[]], ['users'], [7]])('that is no object is refused: %j', (value) => {
    expect(faultsOf(value)[0]).toContain('is not a JSON object');
  });

  it('tells all its faults together', () => {
    expect(faultsOf({ table: 'a b', id: '', also: 7, write: 8 }).map((each) => each.split(':')[0])).toEqual([
      'table',
      'id',
      'also',
      'write',
      'write.format',
    ]);
  });

  it('never fails, whatever it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(['Read', 'Faulty']).toContain(readShape({ table: 'users', ...(value as object) }).kind);
        expect(['Read', 'Faulty']).toContain(readShape(value).kind);
      }),
      { seed: 11, numRuns: 500 },
    );
  });
});

describe('ACCOUNTS', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-accounts-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const read = (env: Record<string, string>) => readSettings({ ...base, ...env }, 'api');
  const faults = (env: Record<string, string>) => {
    try {
      read(env);
      return [];
    } catch (error) {
      if (error instanceof SettingsError) return error.faults.map(({ name, fault }) => `${name}: ${fault}`);
      throw error;
    }
  };

  it('is JSON, or the path of a file with it', async () => {
    const path = join(folder, 'accounts.json');
    await writeFile(path, '\uFEFF{ "table": "crm.users" }\n');
    expect(read({ ACCOUNTS: path }).accounts.shape).toMatchObject({ name: 'crm.users' });
    expect(read({ ACCOUNTS: ' {"table":"crm.users"}' }).accounts.shape).toMatchObject({ name: 'crm.users' });
    expect(read({}).accounts.shape).toBeUndefined();
  });

  it('is refused with the place, the key and the remedy, beside the faults of other settings', async () => {
    const path = join(folder, 'wrong.json');
    await writeFile(path, '{\n  "table": "users",\n  "id": "a b", "actve": "x"\n}');
    expect(faults({ ACCOUNTS: path, PORT: 'x' })).toEqual([
      'PORT: was "x"; allowed: a whole number from 0 to 65535',
      `ACCOUNTS: ${path}: "actve" is no key here; allowed: table, id, email, emailIsLowerCase, passwordHash, active, locale, passwordTable, set, also, ends, write`,
      `ACCOUNTS: ${path}: "id" was "a b", which is no name of a column; allowed: email, "userId" (quoted as in SQL)`,
    ]);
    await writeFile(path, '{\n  "table": "users",,\n}');
    expect(faults({ ACCOUNTS: path })).toEqual([
      `ACCOUNTS: ${path}: is not JSON: line 2, column 20; allowed: JSON, or the path of a file with it`,
    ]);
    expect(faults({ ACCOUNTS: join(folder, 'none.json') })[0]).toMatch(
      /allowed: the path of a JSON file.*cannot be read \(ENOENT\)/,
    );
    expect(faults({ ACCOUNTS: '{"table": "users"' })[0]).toMatch(/is not JSON: line 1, column 18/);
  });

  it('leaves no sign-up: the app makes its accounts', () => {
    expect(faults({ ACCOUNTS: '{"table":"users"}', SIGN_UP: 'confirm' })).toEqual([
      'SIGN_UP: was "confirm"; with ACCOUNTS the app makes the accounts; allowed: closed',
    ]);
    expect(read({ ACCOUNTS: '{"table":"users"}', SIGN_UP: 'closed' }).accounts.signUp).toBe('closed');
    expect(
      readSettings({ ...base, NODE_ENV: 'development', ACCOUNTS: '{"table":"users"}' }, 'dev').accounts.signUp,
    ).toBe('closed');
  });
});

describe('SIGN_IN=off', () => {
  it('needs no signing key, and closes sign-up', () => {
    const off = { ...base, SIGN_IN: 'off', ACCESS_TOKEN_SIGNING_KEY: '' };
    expect(readSettings(off, 'api').accounts).toMatchObject({ signIn: false, signUp: 'closed' });
    expect(() => readSettings({ ...off, SIGN_UP: 'confirm' }, 'api')).toThrow(
      /SIGN_UP: was "confirm"; with SIGN_IN=off/,
    );
    expect(readSettings({ ...off, NODE_ENV: 'development' }, 'dev').accounts.signUp).toBe('closed');
  });
});
