import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../../schema/sdk/client.js';
import { Inbox } from '../../../src/dev/inbox/inbox.js';
import { grantsSql } from '../../../src/services/grants.js';
import { schemasOf } from '../../../src/stores/postgres/schemas.js';
import { newPassword, oldHash, oldPassword, opens } from '../../accounts/source/app.js';
import { keyIn } from '../../support/latchkey.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { killAll, Latchkey } from '../../support/processes.js';
import { productionSettings } from '../../support/production-settings.js';
import { createRedis, hasRedisServer } from '../../support/stores.js';
import { grantsIn, makeTables, rehearseIn, roles } from './adopting.js';

vi.setConfig({ testTimeout: 120_000 });

/** Of everything that a shape can name: another table of hashes, functions, triggers' columns, statements of all kinds. */
const app = `
  create schema crm;
  create table crm.users (id bigint primary key, email text, state text, lang text, salary int, suspended_at timestamptz);
  create table crm.logins (number serial primary key, owner bigint references crm.users, kind text, secret text,
                           version int not null default 0, changed timestamptz, old_secret text);
  create table crm.sessions (id serial primary key, user_id bigint, ip text, valid boolean default true, ended timestamptz);
  create table crm.letters (id serial primary key, user_id bigint, text text default 'your password was changed');
  create function crm.may_in(state text) returns boolean language sql immutable as $$ select state = 'open' $$;
  revoke execute on function crm.may_in from public;
  insert into crm.users select n, 'person' || n || '@example.com', 'open', 'en', 7 from generate_series(1, 3) n;
  insert into crm.logins (owner, kind, secret) select id, 'password', '${oldHash}' from crm.users;
  insert into crm.sessions (user_id, ip) select id, '192.0.2.1' from crm.users`;
const accounts = {
  table: 'crm.users',
  passwordHash: 'secret',
  active: 'crm.may_in(state)',
  locale: 'lang',
  passwordTable: { table: 'crm.logins', accountId: 'owner', where: `kind = 'password'` },
  set: { version: 'version + 1', changed: 'now()' },
  also: [
    'UPDATE crm.sessions SET valid = false, ended = now() WHERE user_id = :id AND valid',
    'INSERT INTO crm.letters (user_id) VALUES (:id)',
  ],
  ends: ['suspended_at'],
  write: { format: 'bcrypt', cost: 4, prefix: '$2b$' },
} as const;

/** Every right on the app's tables, by role: of tables, of columns, of sequences and functions. */
const held = `
  select grantee, privilege_type || ' on ' || table_name as what from information_schema.role_table_grants where table_schema = 'crm'
  union all
  select grantee, privilege_type || ' (' || string_agg(column_name, ', ' order by column_name) || ') on ' || table_name
    from information_schema.column_privileges c where table_schema = 'crm'
     and not exists (select from information_schema.role_table_grants t
       where t.table_name = c.table_name and t.grantee = c.grantee and t.privilege_type = c.privilege_type)
   group by grantee, table_name, privilege_type
  union all
  select grantee, privilege_type || ' on ' || object_name from information_schema.role_usage_grants where object_schema = 'crm'
  union all
  select grantee, privilege_type || ' on ' || routine_name from information_schema.role_routine_grants where routine_schema = 'crm'
  order by 1, 2`;

let server: OwnPostgres;
beforeAll(async () => {
  server = await OwnPostgres.start();
  await makeTables(server, app);
  await server.query(grantsSql(roles, schemasOf()));
});
afterAll(async () => {
  await killAll();
  await server?.drop();
});

const rightsOf = async (role: string) => {
  const rows = await server.query<{ grantee: string; what: string }>(held);
  return rows.filter(({ grantee }) => grantee === role).map(({ what }) => what);
};

const reads = [
  'EXECUTE on may_in',
  'SELECT (email, id, lang, state, suspended_at) on users',
  'SELECT (kind, owner, secret) on logins',
];

describe('the GRANTs that `latchkey adopt` prints', () => {
  it('are what each role needs, and nothing else of the app', async () => {
    await server.query((await grantsIn(server.url, accounts)).join('\n'));
    expect(await rightsOf(roles.worker)).toEqual(reads);
    expect(await rightsOf(roles.migrate)).toEqual(reads);
    expect(await rightsOf(roles.api)).toEqual(
      [
        ...reads.slice(0, 2),
        'SELECT (kind, owner, secret, version) on logins',
        'SELECT (user_id, valid) on sessions',
        'INSERT (user_id) on letters',
        'UPDATE (changed, secret, version) on logins',
        'UPDATE (ended, valid) on sessions',
        'USAGE on letters_id_seq',
      ].sort(),
    );
  });

  it.skipIf(!hasRedisServer)(
    'are all that the processes need: with no right more, mail, reset, sign-in and rehearsal work (needs a redis-server on PATH)',
    async () => {
      const [redis, inbox] = await Promise.all([createRedis(), Inbox.start()]);
      const settings = {
        ...productionSettings({
          database: server.urlOf('latchkey', roles.api),
          redis: redis.url ?? '',
          smtp: inbox.smtpUrl,
        }),
        ACCOUNTS: JSON.stringify(accounts),
      };
      const ofRole = (role: string) => ({ ...settings, DATABASE_URL: server.urlOf('latchkey', role) });
      try {
        expect(await Latchkey.run(['migrate', 'up'], ofRole(roles.migrate))).toMatchObject({ code: 0, errors: '' });
        await server.query(grantsSql(roles, schemasOf()));
        const [api, worker] = [Latchkey.start(['api'], settings), Latchkey.start(['worker'], ofRole(roles.worker))];
        const client = createLatchkeyClient({ url: await api.url() });
        await worker.said(/the worker waits for jobs/);
        const email = 'person2@example.com';
        expect(await client.signIn({ email, password: oldPassword })).toMatchObject({ __typename: 'SignedIn' });
        await client.requestPasswordReset({ email });
        const key = keyIn(await inbox.waitFor(({ to, text }) => to === email && text.includes('#key=')));
        expect(await client.resetPassword({ key, password: newPassword })).toMatchObject({
          __typename: 'PasswordResetCompleted',
        });
        await inbox.waitFor(({ to, text }) => to === email && !text.includes('#key='));
        const [row] = await server.query<{ secret: string }>('select * from crm.logins where owner = 2');
        expect(row).toMatchObject({ version: 1, old_secret: null });
        expect(opens(row?.secret, newPassword)).toBe(true);
        expect(await server.query('select valid from crm.sessions where user_id = 2')).toEqual([{ valid: false }]);
        expect(await server.query('select user_id from crm.letters')).toEqual([{ user_id: '2' }]);
        expect(await Latchkey.run(['account', 'show', '2'], ofRole(roles.migrate))).toMatchObject({ code: 0 });
        const { changes, forbidden } = await rehearseIn(server.urlOf('latchkey', roles.api), accounts);
        expect(forbidden).toEqual([]);
        expect(changes).toEqual({
          columns: null,
          tables: [
            { table: 'crm.letters', inserted: 1, updated: 0, deleted: 0 },
            { table: 'crm.logins', inserted: 0, updated: 1, deleted: 0 },
            { table: 'crm.sessions', inserted: 0, updated: 1, deleted: 0 },
          ],
        });
        for (const each of [api, worker]) expect(each.output).not.toContain('permission denied');
      } finally {
        await killAll();
        await Promise.all([inbox.stop(), redis.stop()]);
      }
    },
  );

  it('and a rehearsal names the ones that are missing', async () => {
    await server.query(
      `revoke update (secret) on crm.logins from ${roles.api}; revoke insert (user_id) on crm.letters from ${roles.api}`,
    );
    const { changes, forbidden } = await rehearseIn(server.urlOf('latchkey', roles.api), accounts);
    expect(changes).toBeUndefined();
    expect(forbidden).toEqual(['permission denied for table logins', 'permission denied for table letters']);
  });

  it('say of a trigger that runs as who writes what no statement tells', async () => {
    await makeTables(
      server,
      `create view crm.people as select u.id, email, secret from crm.users u join crm.logins on owner = u.id;
       create function crm.save() returns trigger language plpgsql as $$
         begin update crm.logins set secret = new.secret where owner = old.id; return new; end $$;
       create function crm.stamp() returns trigger language plpgsql as $$ begin new.email := old.email; return new; end $$;
       create trigger stamp instead of update on crm.people for each row execute function crm.stamp();
       create trigger save instead of update on crm.people for each row execute function crm.save()`,
    );
    const asks = async () => {
      const lines = await grantsIn(server.url, { table: 'crm.people', passwordHash: 'secret', write: accounts.write });
      return lines.filter((line) => line.includes('trigger'));
    };
    expect(await asks()).toEqual([
      '-- The trigger save on crm.people runs crm.save() with the rights of who writes: grant "latchkey_api" what it does, or make it SECURITY DEFINER.',
    ]);
    await server.query('alter function crm.save() security definer');
    expect(await asks()).toEqual([]);
  });
});
