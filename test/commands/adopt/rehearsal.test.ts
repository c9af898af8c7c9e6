import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmailAddress, parseEmailAddress } from '../../../src/accounts/email-address.js';
import { migrateUp } from '../../../src/services/migrate.js';
import { oldHash, oldPassword, users, usersShape } from '../../accounts/source/app.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { createDatabase, type TestDatabase } from '../../support/stores.js';
import { adoptIn, makeTables, rehearseIn } from './adopting.js';

const accounts = { ...usersShape, write: { format: 'bcrypt', cost: 4, prefix: '$2b$' } } as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await makeTables(database, users);
});
afterAll(() => database?.drop());

const everything = () =>
  database.query(
    `select (select json_agg(u order by id) from public.users u) as users, (select json_agg(s order by id) from public.sessions s) as sessions`,
  );

/** Makes things for one rehearsal, and takes them away. */
async function during<T>(make: string, drop: string, work: () => Promise<T>): Promise<T> {
  await makeTables(database, make);
  return work().finally(() => database.query(drop));
}

const trigger = (body: string, language = 'plpgsql') => `
  create function public.after_users() returns trigger language ${language} as $$ ${body} $$;
  create trigger after_users after update on public.users for each row execute function public.after_users()`;
const noTrigger = 'drop function if exists public.after_users() cascade';

describe('a rehearsal', () => {
  it('tells what triggers and cascades change, deferred ones included, and nothing stays', async () => {
    const make = `
      create table public.log (what text);
      create table public.carts (session_id bigint references public.sessions (id) on delete cascade);
      insert into public.carts select id from public.sessions;
      create function public.noted() returns trigger language plpgsql as $$ begin insert into public.log values ('x'); return null; end $$;
      create constraint trigger noted after update on public.users deferrable initially deferred for each row execute function public.noted()`;
    const drop = 'drop function public.noted() cascade; drop table public.log, public.carts';
    await during(make, drop, async () => {
      const before = await everything();
      const { changes, account, triggers } = await rehearseIn(database.url, accounts);
      expect([account, triggers]).toEqual(['41', []]);
      expect(changes).toEqual({
        columns: ['password', 'updated_at', 'token_version'],
        tables: [
          { table: 'public.carts', inserted: 0, updated: 0, deleted: 1 },
          { table: 'public.log', inserted: 1, updated: 0, deleted: 0 },
          { table: 'public.sessions', inserted: 0, updated: 0, deleted: 1 },
          { table: 'public.users', inserted: 0, updated: 1, deleted: 0 },
        ],
      });
      expect(await everything()).toEqual(before);
      expect(await database.query('select from public.log')).toEqual([]);
      expect(await database.query('select from latchkey.adopted_account')).toEqual([]);
      expect(await database.query('select from latchkey.reset_receipt')).toEqual([]);
    });
  });

  it('gives back the lock of the row', async () => {
    await rehearseIn(database.url, accounts, { account: '42' });
    const [row] = await database.query('select id from public.users where id = 42 for update nowait');
    expect(row).toEqual({ id: '42' });
  });

  it.each<[string, string, string, string, object]>([
    [
      'a trigger that changes the hash',
      trigger(`begin return null; end`) +
        `; create function public.spoil() returns trigger language plpgsql as $$ begin new.password := 'spoilt'; return new; end $$;
         create trigger spoil before update on public.users for each row execute function public.spoil()`,
      `${noTrigger}; drop function public.spoil() cascade`,
      'passwordHash',
      { fault: 'holds another hash than the one written; triggers: spoil' },
    ],
    [
      'a constraint of the app',
      `alter table public.users add constraint short check (length(password) < 60) not valid`,
      'alter table public.users drop constraint short',
      'passwordHash',
      { fault: '23514 users short' },
    ],
    [
      'a column that is gone',
      'alter table public.users rename token_version to version',
      'alter table public.users rename version to token_version',
      'set.token_version',
      {},
    ],
    [
      'a table of `also` that is gone',
      'alter table public.sessions rename to seats',
      'alter table public.seats rename to sessions',
      'also[0]',
      {},
    ],
  ])('names %s with its key', async (_what, make, drop, key, more) => {
    await during(make, drop, async () => {
      const { changes, faults } = await rehearseIn(database.url, accounts);
      expect(changes).toBeUndefined();
      expect(faults[0]).toMatchObject({ key, ...more });
    });
  });

  it('says that the look-up does not find the account, where addresses are not as the file says', async () => {
    const make = `update public.users set email = 'Bob@example.com' where id = 42`;
    await during(make, `update public.users set email = 'bob@example.com' where id = 42`, async () => {
      const lower = { ...accounts, emailIsLowerCase: true };
      const { faults } = await rehearseIn(database.url, lower, { account: '42' });
      expect(faults).toMatchObject([{ key: 'email', fault: expect.stringContaining('account 42 is not found') }]);
      expect((await rehearseIn(database.url, accounts, { account: '42' })).changes).toBeDefined();
    });
  });
});

describe('the password of a test account', () => {
  const email = parseEmailAddress('Alice@example.com') as EmailAddress;
  const pepper = 'the secret of the app';
  const peppered = { ...accounts, write: { ...accounts.write, pepper: true } } as const;

  it('opens its hash, or the key is named: the app may append a secret, or another one', async () => {
    const right = { test: { email, password: oldPassword } };
    expect(await rehearseIn(database.url, accounts, right)).toMatchObject({ account: '41', faults: [] });
    const fault = async (...given: Parameters<typeof rehearseIn>) => {
      const { changes, faults } = await rehearseIn(...given);
      expect(changes).toBeUndefined();
      return faults;
    };
    const wrong = { test: { email, password: 'another' } };
    expect(await fault(database.url, accounts, wrong)).toEqual([
      { key: 'passwordHash', fault: expect.stringContaining('the app appends a secret ("pepper": true in "write")') },
    ]);
    expect(await fault(database.url, peppered, right, pepper)).toEqual([
      { key: 'passwordHash', fault: expect.stringContaining('PASSWORD_PEPPER is not the secret that the app appends') },
    ]);
    const hash = bcrypt.hashSync(oldPassword + pepper, 4);
    const make = `update public.users set password = '${hash}' where id = 41`;
    await during(make, `update public.users set password = '${oldHash}' where id = 41`, async () => {
      expect(await rehearseIn(database.url, peppered, right, pepper)).toMatchObject({ faults: [] });
    });
  });

  it('is refused where no account has the address', async () => {
    const none = { test: { email: parseEmailAddress('nobody@example.com') as EmailAddress, password: oldPassword } };
    await expect(rehearseIn(database.url, accounts, none)).rejects.toThrow(
      /^--test-account: no account with this address/,
    );
  });
});

describe('a trigger that may reach beyond the database', () => {
  const others = `create function public.tell(text) returns void language sql as $$ copy (select 1) to program 'cat > /dev/null' $$`;
  it.each<[string, string, string, string]>([
    [
      'a program',
      trigger(`begin copy (select 1) to program 'cat > /dev/null'; return null; end`),
      noTrigger,
      'which reaches files or programs',
    ],
    [
      'a program, through another function',
      `${others}; ${trigger(`begin perform public.tell('x'); return null; end`)}`,
      `${noTrigger}; drop function public.tell(text)`,
      'which reaches files or programs',
    ],
    [
      'a program, in a trigger of a table that a trigger writes to',
      `create table public.log (what text);
       create function public.on_log() returns trigger language plpgsql as $$ begin copy (select 1) to program 'cat > /dev/null'; return null; end $$;
       create trigger on_log after insert on public.log for each row execute function public.on_log();
       ${trigger(`begin insert into public.log values ('x'); return null; end`)}`,
      `${noTrigger}; drop function public.on_log() cascade; drop table public.log`,
      'which reaches files or programs',
    ],
    [
      // A language that only superusers may use, as plpython3u is; its handler is that of plpgsql, which is always there.
      'a function in an untrusted language',
      `create language freely handler plpgsql_call_handler; ${trigger('begin return null; end', 'freely')}`,
      `${noTrigger}; drop language freely`,
      'after_users(), in freely',
    ],
  ])('is named, and nothing is run without leave: %s', async (_what, make, drop, calls) => {
    await during(make, drop, async () => {
      const before = await everything();
      const held = await rehearseIn(database.url, accounts);
      expect(held).toMatchObject({
        account: null,
        changes: undefined,
        triggers: [{ calls: expect.stringContaining(calls) }],
      });
      expect(await everything()).toEqual(before);
      expect((await rehearseIn(database.url, accounts, { withTriggers: true })).changes).toBeDefined();
    });
  });

  it('is not one that only notifies, writes, or is switched off', async () => {
    const make = `create table public.log (what text);
      ${trigger(`begin perform pg_notify('users', 'x'); insert into public.log values ('x'); return null; end`)};
      create function public.off() returns trigger language plpgsql as $$ begin copy (select 1) to program 'false'; return null; end $$;
      create trigger off after update on public.users for each row execute function public.off();
      alter table public.users disable trigger off`;
    await during(make, `${noTrigger}; drop function public.off() cascade; drop table public.log`, async () => {
      const { triggers, changes } = await rehearseIn(database.url, accounts);
      expect(triggers).toEqual([]);
      expect(changes?.tables).toContainEqual({ table: 'public.log', inserted: 1, updated: 0, deleted: 0 });
    });
  });
});

const dumps = globSync('/usr/lib/postgresql/*/bin/pg_dump').filter((each) =>
  existsSync(join(dirname(each), 'postgres')),
);

describe.skipIf(dumps.length === 0)('by pg_dump (needs PostgreSQL in /usr/lib/postgresql)', () => {
  let server: OwnPostgres;
  const [dump = ''] = dumps;
  beforeAll(async () => {
    server = await OwnPostgres.start({ binaries: dirname(dirname(dump)) });
    await makeTables(
      server,
      `${users}; insert into users (email, password) values ('ALICE@example.com', '${oldHash}')`,
    );
    await migrateUp(server.url);
  });
  afterAll(() => server?.drop());

  it('the whole database is byte by byte what it was, after everything that the command does', async () => {
    const seen = async () =>
      (await promisify(execFile)(dump, ['--restrict-key=x', server.url], { maxBuffer: 1 << 26 })).stdout;
    const before = await seen();
    const { accounts: found, survey, grants } = await adoptIn(server.url);
    expect(survey.findings).toMatchObject([{ count: 1, first: [{ ids: ['41', '43'] }] }]);
    expect(grants).toContain('GRANT SELECT (user_id), DELETE ON public.sessions TO "latchkey_api";');
    expect((await rehearseIn(server.url, found)).changes).toBeDefined();
    expect(await seen()).toBe(before);
  });
});
