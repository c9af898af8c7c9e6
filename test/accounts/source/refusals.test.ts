import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkShape } from '../../../src/accounts/source/check.js';
import { openDatabase } from '../../../src/services/database.js';
import { readShape } from '../../../src/settings/accounts/read-shape.js';
import type { Shape } from '../../../src/settings/accounts/shape.js';
import { startLatchkey } from '../../support/latchkey.js';
import { createDatabase, type TestDatabase } from '../../support/stores.js';
import { oldHash, startBeside, users, usersShape } from './app.js';

let database: TestDatabase;
let orm: ReturnType<typeof openDatabase>;
beforeAll(async () => {
  database = await createDatabase();
  orm = openDatabase(database.url, { poolSize: 1 });
  await database.query(`set search_path to public; ${users};
    create table login (id serial primary key, user_id bigint, owner uuid, secret text, narrow varchar(60));
    create view counted as select id, email, max(password) as password from users group by id, email;
    create function nothing() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger nothing instead of update on counted for each row execute function nothing();
    create view joined as select u.id, u.email, u.password from users u join sessions s on s.user_id = u.id;
    create materialized view copied as select * from users;
    create table odd (id json, email bytea, password integer);
    create table guarded (id bigint, email text, password text);
    alter table guarded enable row level security; reset search_path`);
});
afterAll(async () => {
  await orm?.close(true);
  await database?.drop();
});

const shapeOf = (value: object): Shape => {
  const reading = readShape(value);
  if (reading.kind !== 'Read') throw new Error(JSON.stringify(reading.faults));
  return reading.shape;
};
const both = { findsByAddress: true, resets: true };
const faultsOf = async (value: object, of = orm, hashLength = 60) => {
  const { faults } = await checkShape(of, shapeOf(value), both, hashLength);
  return faults.map(({ key, fault }) => `${key}: ${fault}`);
};

describe('a shape that does not fit the database is refused by its key', () => {
  it('and one that fits is not', async () => {
    expect(await checkShape(orm, shapeOf(usersShape), both, 60)).toEqual({ faults: [], forbidden: [] });
  });

  it.each<[string, object, string]>([
    ['a table that is not there', { table: 'user' }, 'table: was "public"."user", which does not exist'],
    ['a schema that is not there', { table: 'crm.users' }, 'table: was "crm"."users", which does not exist'],
    [
      'a column that is not there',
      { ...usersShape, email: 'mail' },
      'email: was "mail", which is no column there; there are id, email, password',
    ],
    [
      'a column with other capitals',
      { ...usersShape, passwordHash: '"Password"' },
      'passwordHash: was "Password", which is no column there',
    ],
    [
      'the password of another table',
      { ...usersShape, set: {}, passwordTable: { table: 'login', accountId: 'user_id' } },
      'passwordHash: was "password", which is no column there',
    ],
    [
      'an address that is no text',
      { table: 'odd', passwordHash: 'password' },
      'email: is of type bytea, which cannot be compared',
    ],
    [
      'a hash that is no text',
      { table: 'odd', passwordHash: 'password' },
      'passwordHash: is of type int4, which holds no hash',
    ],
    ['an id that cannot be compared', { table: 'odd', email: 'id', passwordHash: 'id' }, 'email: is of type json'],
    [
      'ids of two types',
      { ...usersShape, set: {}, passwordHash: 'secret', passwordTable: { table: 'login', accountId: 'owner' } },
      'passwordTable.accountId: operator does not exist: uuid = bigint; cast one side',
    ],
    [
      'a condition that is none',
      { ...usersShape, active: 'deleted_at' },
      'active: argument of IS TRUE must be type boolean, not type timestamp with time zone; allowed: a condition in "active"',
    ],
    [
      'a condition with an unknown column',
      { ...usersShape, active: 'verified' },
      'active: column "verified" does not exist; allowed: columns of that table',
    ],
    [
      'a condition that is not SQL',
      { ...usersShape, active: 'deleted_at IS' },
      'active: syntax error at or near ")"; allowed: an SQL expression',
    ],
    [
      'a condition with an aggregate',
      { ...usersShape, active: 'count(*) > 0' },
      'active: aggregate functions are not allowed in WHERE; allowed: an expression over one row',
    ],
    ['a language that is not there', { ...usersShape, locale: 'lang' }, 'locale: column "lang" does not exist'],
    [
      'an end that is not there',
      { ...usersShape, ends: ['token_version', 'suspended_at'] },
      'ends[1]: column "suspended_at" does not exist',
    ],
    [
      'a column to set that is not there',
      { ...usersShape, set: { changed: 'now()' } },
      'set.changed: was "changed", which is no column there',
    ],
    [
      'a value of another type',
      { ...usersShape, set: { updated_at: '7' } },
      'set.updated_at: column "updated_at" is of type timestamp with time zone but expression is of type integer; allowed: a condition in "active" (deleted_at IS NULL), in "set" a value of the type',
    ],
    [
      'a statement on a table that is not there',
      { ...usersShape, also: ['DELETE FROM tokens WHERE user_id = :id'] },
      'also[0]: relation "tokens" does not exist; allowed: tables of this database',
    ],
    [
      'a statement that is none',
      { ...usersShape, also: [...usersShape.also, 'TRUNCATE sessions'] },
      'also[1]: syntax error at or near "TRUNCATE"; allowed: an SQL expression; in "also" one SELECT',
    ],
    ['an end of the transaction', { ...usersShape, also: ['COMMIT'] }, 'also[0]: syntax error at or near "COMMIT"'],
    [
      'a condition on other rows of the hash',
      {
        ...usersShape,
        set: {},
        passwordHash: 'secret',
        passwordTable: { table: 'login', accountId: 'user_id', where: 'kind = 1' },
      },
      'passwordTable.where: column "kind" does not exist',
    ],
    [
      'a view that cannot be locked',
      { table: 'counted', passwordHash: 'password' },
      'table: FOR UPDATE is not allowed with GROUP BY clause; name a table, or a view without GROUP BY',
    ],
    [
      'a view that cannot be updated',
      { table: 'joined', passwordHash: 'password' },
      'table: cannot update view "joined"; name the table below it, or give the view an INSTEAD OF UPDATE trigger',
    ],
    [
      'a materialized view',
      { table: 'copied', passwordHash: 'password' },
      'table: was "public"."copied", which is a materialized view',
    ],
  ])('%s', async (_what, value, fault) => {
    expect((await faultsOf(value)).join('\n')).toContain(fault);
  });

  it('a column too narrow for the hashes that we write', async () => {
    const narrow = {
      ...usersShape,
      set: {},
      passwordHash: 'narrow',
      passwordTable: { table: 'login', accountId: 'user_id' },
    };
    expect(await faultsOf(narrow)).toEqual([]);
    expect((await faultsOf(narrow, orm, 97)).join()).toContain(
      'passwordHash: holds 60 characters, and the hashes that "write" makes have 97',
    );
  });

  it('several faults, all of them', async () => {
    const found = await faultsOf({ ...usersShape, active: 'verified', ends: ['x'], also: ['y'] });
    expect(found.map((each) => each.split(':')[0])).toEqual(['active', 'ends[0]', 'also[0]']);
  });

  it('row-level security that hides rows from the role', async () => {
    const role = `reader_${Date.now()}`;
    await database.query(`create role ${role} login password 'x'; grant select, update on guarded, users to ${role};
      grant select on sessions to ${role}; alter table sessions enable row level security`);
    const url = Object.assign(new URL(database.url), { username: role, password: 'x' }).href;
    const theirs = openDatabase(url, { poolSize: 1 });
    try {
      expect((await faultsOf({ table: 'guarded', passwordHash: 'password' }, theirs)).join()).toMatch(
        /table: was "public"."guarded"; row-level security/,
      );
      expect(
        (await faultsOf({ ...usersShape, also: ['SELECT 1 FROM sessions WHERE user_id = :id'] }, theirs)).join(),
      ).toMatch(/also\[0\]: meets row-level security/);
    } finally {
      await theirs.close(true);
      await database.query(`alter table sessions disable row level security; drop owned by ${role}; drop role ${role}`);
    }
  });

  it('checking changes nothing', async () => {
    const rows = () => database.query('select users.*, users.xmin::text as x from users order by id');
    const before = await rows();
    await faultsOf(usersShape);
    expect(await rows()).toEqual(before);
  });
});

it('a process does not start with a shape that does not fit, and says why', async () => {
  const own = await createDatabase();
  await expect(startLatchkey({ database: own, env: { ACCOUNTS: '{"table":"nobody","active":"x"}' } })).rejects.toThrow(
    /1 wrong setting\(s\):\n {2}ACCOUNTS: "table" was "public"."nobody", which does not exist in this database/,
  );
});

describe('a trigger that changes what was written', () => {
  it('is named, and the reset is rolled back', async () => {
    const app = await startBeside(
      `${users};
       create function again() returns trigger language plpgsql as $$ begin new.password := 'twice ' || new.password; return new; end $$;
       create trigger hash_again before update of password on users for each row execute function again()`,
      { ...usersShape },
    );
    try {
      const key = await app.latchkey.keyFor('alice@example.com');
      expect(await app.reset(key)).toMatchObject({ __typename: 'TemporarilyUnavailable' });
      expect(app.latchkey.logged()).toMatch(
        /"passwordHash\\" holds another hash than the one written; triggers: hash_again/,
      );
      const [alice] = await app.database.query(
        `select password, (select count(*)::int from sessions where user_id = users.id) as sessions from users where email like 'alice%'`,
      );
      expect(alice).toEqual({ password: oldHash, sessions: 1 });
      await app.database.query('drop trigger hash_again on users');
      expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    } finally {
      await app.close();
    }
  });
});

describe('a table that changes while we run', () => {
  it('is no error: people are asked to try again, and operators are told', async () => {
    const app = await startBeside(users, usersShape);
    try {
      const key = await app.latchkey.keyFor('alice@example.com');
      await app.database.query('alter table users rename column password to secret');
      expect(await app.reset(key)).toMatchObject({ __typename: 'TemporarilyUnavailable' });
      expect(await app.latchkey.client.signIn({ email: 'alice@example.com', password: 'x' })).toMatchObject({
        __typename: 'TemporarilyUnavailable',
      });
      expect(app.latchkey.logged()).toContain('42703');
      await app.database.query('alter table users rename column secret to password');
      expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    } finally {
      await app.close();
    }
  });
});

describe('bcrypt', () => {
  it('holds 72 bytes: a longer password is refused with that limit, and nothing is cut off', async () => {
    const app = await startBeside(users, usersShape);
    try {
      const { client } = app.latchkey;
      expect(await client.passwordPolicy()).toMatchObject({ maxLength: 72 });
      const key = await app.latchkey.keyFor('alice@example.com');
      const long = 'abcdefghi jklmnopq '.repeat(4).slice(0, 73);
      const refused = { __typename: 'PasswordRejected', violations: [{ rule: 'TOO_LONG', limit: 72, actual: 73 }] };
      expect(await app.reset(key, long)).toMatchObject(refused);
      expect(await app.reset(key, `${'ü'.repeat(36)}e`)).toMatchObject(refused);
      expect(await app.reset(key, `nul in the middle \0 of it`)).toMatchObject({
        violations: [{ rule: 'NOT_WELL_FORMED' }],
      });
      expect(await app.reset(key, long.slice(0, 72))).toMatchObject({ __typename: 'PasswordResetCompleted' });
    } finally {
      await app.close();
    }
  });
});
