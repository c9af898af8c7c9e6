import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { getConstructionPlans } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { grantsSql } from '../../../src/services/grants.js';
import { migrateUp } from '../../../src/services/migrate.js';
import { schemasOf } from '../../../src/stores/postgres/schemas.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey } from '../../support/latchkey.js';
import { OwnPostgres } from '../../support/own-postgres.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** An app of ten years: tables and functions with our names, and pg-boss of an older version. */
const app = `
  create table public.account (id bigserial primary key, email varchar(300) unique, password text, updated_at timestamp);
  create table public.audit_event (id serial primary key, account_id bigint references public.account, what text);
  create table public.data_key (id int, sealed text);
  create table public.instance (id int, name text);
  create view public.reset_receipt as select id, email from public.account;
  create function public.count_refusals(jsonb) returns void language sql as 'select';
  create function public.touched() returns trigger language plpgsql as $$
    begin new.updated_at := now(); return new; end $$;
  create trigger touched before update on public.account for each row execute function public.touched();
  insert into public.account (email, password) select 'person-' || n || '@example.com', md5(n::text) from generate_series(1, 50) n;
  insert into public.audit_event (account_id, what) select id, 'signed in' from public.account;
  ${getConstructionPlans('pgboss')};
  update pgboss.version set version = 26;
  insert into pgboss.queue (name, policy, retry_limit, retry_delay, retry_backoff, expire_seconds, retention_seconds, deletion_seconds, partition, table_name)
    values ('invoices', 'standard', 2, 0, false, 900, 86400, 86400, false, 'job_common');
  insert into pgboss.job (name, data, keep_until) select 'invoices', jsonb_build_object('number', n), now() - interval '1 day' from generate_series(1, 20) n;
  alter database latchkey set search_path = public, pgboss`;

/** What the catalogue and the tables of these schemas hold. */
const contents = (schemas: string) => `
  with space as (select oid, nspname, nspowner, nspacl from pg_namespace where nspname in (${schemas})),
  relation as (select c.oid, nspname, relname, relkind, relowner, relacl from pg_class c join space on space.oid = relnamespace)
  select 'schema ' || nspname as what, concat_ws(' ', nspowner, nspacl) as how from space
  union all select 'relation ' || nspname || relname, concat_ws(' ', relkind, relowner, relacl) from relation
  union all select 'column ' || nspname || relname || attname, concat_ws(' ', attnum, format_type(atttypid, atttypmod), attnotnull, attacl, pg_get_expr(adbin, adrelid))
    from relation join pg_attribute a on attrelid = relation.oid left join pg_attrdef on adrelid = attrelid and adnum = attnum where attnum > 0
  union all select 'index ' || schemaname || indexname, indexdef from pg_indexes where schemaname in (${schemas})
  union all select 'constraint ' || nspname || relname || conname, pg_get_constraintdef(k.oid) from pg_constraint k join relation on conrelid = relation.oid
  union all select 'trigger ' || nspname || relname || tgname, pg_get_triggerdef(t.oid) from pg_trigger t join relation on tgrelid = relation.oid
  union all select 'function ' || nspname || p.oid, concat_ws(' ', pg_get_functiondef(p.oid), proowner, proacl) from pg_proc p join space on space.oid = pronamespace
  union all select 'type ' || nspname || typname, concat_ws(' ', typtype, typowner, (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid))
    from pg_type t join space on space.oid = typnamespace
  union all select 'rows ' || nspname || relname, query_to_xml(format('select md5(string_agg(t::text, '','' order by t::text)) from %I.%I t', nspname, relname), false, false, '')::text
    from relation where relkind in ('r', 'p', 'v')
  union all select 'sequence ' || schemaname || sequencename, last_value::text from pg_sequences where schemaname in (${schemas})
  order by 1, 2`;

const dumps = globSync('/usr/lib/postgresql/*/bin/pg_dump').filter((each) =>
  existsSync(join(dirname(each), 'postgres')),
);

/** The embedded version, and one that has a \`pg_dump\`, where one is installed. */
describe.each([
  ['the catalogue and all rows', undefined],
  [
    dumps.length > 0 ? 'pg_dump, byte by byte' : 'pg_dump, byte by byte (needs PostgreSQL in /usr/lib/postgresql)',
    dumps[0] ?? '',
  ],
] as const)("an app's tables and its pg-boss, compared by %s", (_how, dump) => {
  let postgres: OwnPostgres;
  beforeAll(async () => {
    if (dump === '') return;
    const binaries = dump === undefined ? {} : { binaries: dirname(dirname(dump)) };
    postgres = await OwnPostgres.start({ ...binaries, withoutMigrations: true });
    await postgres.query(app);
  });
  afterAll(() => postgres?.drop());

  const seen = async () => {
    if (dump === undefined) {
      // The catalogue prints names by the path of the session.
      const session = await postgres.session();
      await session.query(`set search_path = ''`);
      const { rows } = await session.query(contents(`'public', 'pgboss'`)).finally(() => session.end());
      return JSON.stringify(rows, null, 1);
    }
    const options = ['--restrict-key=x', '--schema=public', '--schema=pgboss', postgres.url];
    return (await promisify(execFile)(dump, options, { maxBuffer: 1 << 26 })).stdout;
  };

  it.skipIf(dump === '')(
    'are what they were after a migration, a second one, the grants, sign-up, a reset and a worker',
    async () => {
      const before = await seen();
      expect(before).toContain('pgboss');
      const first = await migrateUp(postgres.url);
      expect(first.filter((line) => line.startsWith('moved'))).toEqual([]);
      await migrateUp(postgres.url);
      await postgres.query(grantsSql({ migrate: 'keeps', api: 'serves', worker: 'works' }, schemasOf()));
      await migrateUp(postgres.url);
      const latchkey = await startLatchkey({
        database: { url: postgres.url, query: postgres.query.bind(postgres), drop: async () => undefined },
      });
      try {
        await latchkey.signUp('alice@example.com', 'the password that gets lost');
        const key = await latchkey.keyFor('alice@example.com');
        const password = 'a quite new password';
        expect(await latchkey.client.resetPassword({ key, password })).toMatchObject({
          __typename: 'PasswordResetCompleted',
        });
        await eventually(
          () => postgres.query(`select from latchkey_jobs.job where state = 'completed'`),
          (rows) => rows.length >= 2,
        );
      } finally {
        await latchkey.close();
      }
      expect(await seen()).toBe(before);
      expect(await postgres.query('select from public.account')).toHaveLength(50);
    },
  );
});
