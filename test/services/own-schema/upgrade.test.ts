import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { migrateUp, migrationStatus } from '../../../src/services/migrate.js';
import { queues } from '../../../src/services/queues.js';
import { schemasOf } from '../../../src/stores/postgres/schemas.js';
import { eventually } from '../../support/eventually.js';
import { makeLastVersion, tablesUpTo } from '../../support/last-version.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { type RoleDatabase, roleDatabase } from './role-database.js';

vi.setConfig({ testTimeout: 120_000 });

const secret = 'Zm9yIHRoZSB1cGdyYWRlIHRlc3RzIG9ubHksIDMyIGJ5dGVz';
const moved = 'moved the tables of the last version from the schema public';
let database: RoleDatabase;
const objectsIn = async (schema: string) => {
  const rows = await database.query<{ name: string }>(
    `select relkind::text || ' ' || relname as name from pg_class where relnamespace = '${schema}'::regnamespace and relkind in ('r', 'v', 'S')
     union all select 'f ' || proname from pg_proc where pronamespace = '${schema}'::regnamespace order by 1`,
  );
  return rows.map(({ name }) => name);
};

beforeEach(async () => {
  database = await roleDatabase();
});
afterEach(() => database.drop());

describe('migrate up moves the tables of the last version', () => {
  it('with rows, owners, rights, sequences and functions, and says so', async () => {
    await makeLastVersion(database.url);
    const reader = `reader_${database.name}`;
    await database.query(`create role ${reader}`);
    await database.query(
      `grant select on audit_event to ${reader}; grant execute on function count_refusals to ${reader}`,
    );
    await database.query(
      `insert into account (id, email, password_hash, status) values (gen_random_uuid(), 'alice@example.com', 'x', 'active')`,
    );
    await database.query(
      `insert into audit_event (at, kind) values (now() - interval '401 days', 'old'), (now(), 'new')`,
    );
    await database.query(
      `insert into audit_refusal values (now() - interval '401 days', 'old', '', '', null, 1, now(), now())`,
    );
    const before = await database.query('select to_jsonb(a) as row from account a');

    expect((await migrationStatus(database.url)).lines).toContain(
      'pending  the move of the tables from the schema public',
    );
    const lines = await migrateUp(database.url, { secrets: [secret] });
    expect(lines).toEqual([
      moved,
      'applied 20261127-own-schemas',
      'applied 20261127-adopted-accounts',
      'applied 20261128-events',
      'applied 20261128-imported-accounts',
      'the database is at this version now',
      'made the data key',
    ]);
    expect(await migrationStatus(database.url)).toMatchObject({ current: true });

    const added = '{external_id,imported_version,imported_digest}';
    const after = await database.query(`select to_jsonb(a) - '${added}'::text[] as row from latchkey.account a`);
    expect(after).toEqual(before);
    expect(await database.query(`select distinct tableowner from pg_tables where schemaname = 'latchkey'`)).toEqual([
      { tableowner: database.role },
    ]);
    const may = `select has_table_privilege('${reader}', 'latchkey.audit_event', 'SELECT') as read,
                        has_function_privilege('${reader}', 'latchkey.count_refusals(jsonb)', 'EXECUTE') as call`;
    expect(await database.query(may)).toEqual([{ read: true, call: true }]);
    // The functions work where no path leads to the tables, and identities go on.
    await database.query(
      `begin; set local search_path = ''; select latchkey.count_refusals('[{"kind": "k", "detail": "", "client": "c", "count": 2}]'); commit`,
    );
    expect(await database.query(`select count from latchkey.audit_refusal where kind = 'k'`)).toEqual([{ count: '2' }]);
    expect(await database.query('select latchkey.erase_old_refusals(10) as n')).toEqual([{ n: '1' }]);
    expect(await database.query('select latchkey.erase_old_audit_events(10) as n')).toEqual([{ n: '1' }]);
    expect(await database.query(`insert into latchkey.audit_event (kind) values ('next') returning id`)).toEqual([
      { id: '3' },
    ]);
    await database.query(`drop owned by ${reader}; drop role ${reader}`);
  });

  it('leaves views for processes of the last version, and drops them an hour later', async () => {
    await makeLastVersion(database.url);
    await migrateUp(database.url);
    const session = await database.session();
    try {
      // `cannot_connect_now`, which the last version takes for a database that is away: no answer is wrong, no job lost.
      for (const sql of [
        `select * from public.account where email = 'alice@example.com'`,
        `select exists (select from public.account)`,
        `insert into public.account (id, email, status) values (gen_random_uuid(), 'bob@example.com', 'active') returning id`,
        `update public.account set status = 'disabled'`,
        `select * from public.reset_receipt`,
        `insert into public.audit_event (kind) values ('x')`,
        `select domain from public.password_form for update`,
        `select sealed from public.data_key`,
      ]) {
        await expect(session.query(sql), sql).rejects.toMatchObject({ code: '57P03' });
      }
      const early = await migrateUp(database.url);
      expect(early).toContain('the database was at this version already');
      expect(await objectsIn('public')).toContain('v account');
      // An old `migrate up` that somebody starts by mistake makes no second set of tables.
      await expect(tablesUpTo(database.url)).rejects.toThrow(/"account" already exists/);
      await session.query('drop table if exists public.latchkey_migration');

      await session.query(`update former_home set moved_at = now() - interval '61 minutes'`);
      await session.query(`insert into pgboss.job (name, data) values ('credential-notice', '{}')`);
      await migrateUp(database.url);
      expect(await objectsIn('public')).toEqual([]);
      expect(await database.query('select queue from former_home'), 'a job waits there').toEqual([{ queue: 'pgboss' }]);
      await session.query('delete from pgboss.job');
      await migrateUp(database.url);
      expect(await database.query('select queue from former_home')).toEqual([]);
    } finally {
      await session.end();
    }
  });

  it('of the first release, with its collation, in the first schema of the path that has them', async () => {
    await database.query(`create schema older authorization ${database.role}`);
    await database.query(`alter role ${database.role} in database ${database.name} set search_path = older, public`);
    const older = Object.assign(new URL(database.url), { search: '?options=-c%20search_path%3Dolder' }).href;
    await tablesUpTo(older, '20261122-receipts-by-time');
    const lines = await migrateUp(database.url);
    expect(lines[0]).toBe('moved the tables of the last version from the schema older');
    expect(lines).toContain('applied 20261126-address-collation');
    const [index] = await database.query<{ def: string }>(
      `select indexdef as def from pg_indexes where indexname = 'account_email_unique'`,
    );
    expect(index?.def).toBe('CREATE UNIQUE INDEX account_email_unique ON latchkey.account USING btree (email)');
  });

  it('only once nobody holds one of them; until then all others go on, and nothing is changed', async () => {
    await makeLastVersion(database.url);
    const session = await database.session();
    const other = await database.session();
    try {
      await session.query('begin');
      await session.query('select * from public.audit_event');
      const running = migrateUp(database.url);
      // It has taken the lock on accounts, and waits for the trail.
      const waits = () =>
        database.query(`select from pg_locks where not granted and relation = to_regclass('public.audit_event')`);
      await eventually(waits, (rows) => rows.length > 0);
      await eventually(waits, (rows) => rows.length === 0);
      await other.query(`set lock_timeout = '10s'`);
      await other.query(
        `insert into public.account (id, email, status) values (gen_random_uuid(), 'bob@example.com', 'active')`,
      );
      expect(await objectsIn('latchkey')).toEqual([]);
      await session.query('commit');
      expect(await running).toContain(moved);
      expect(await database.query(`select email from latchkey.account`)).toEqual([{ email: 'bob@example.com' }]);
    } finally {
      await Promise.all([session.end(), other.end()]);
    }
  });

  it('not those of another role, which it names', async () => {
    const foreign = await roleDatabase('connect');
    try {
      await makeLastVersion(database.url);
      const as = Object.assign(new URL(database.url), { username: foreign.role }).href;
      await database.query(`grant create on database ${database.name} to ${foreign.role}`);
      await expect(migrateUp(as)).rejects.toThrow(
        new RegExp(`in the schema public, belong to the role ${database.role}.*run this as ${database.role}`),
      );
      expect(await objectsIn('public')).toContain('r account');
      await database.query(`drop owned by ${foreign.role}`);
    } finally {
      await foreign.drop();
    }
  });
});

describe("a new worker empties the last version's queue", () => {
  let latchkey: TestLatchkey | undefined;
  const start = async (env: Record<string, string> = {}) => {
    const at = { url: database.url, query: database.query, drop: async () => undefined };
    latchkey = await startLatchkey({ database: at, env: { SECRET: secret, ...env }, withoutWorker: true });
    return latchkey;
  };
  afterEach(async () => {
    await latchkey?.close();
    latchkey = undefined;
  });
  const put = (values: string) =>
    database.query(
      `insert into pgboss.job (name, data, state, priority, retry_limit, retry_count, created_on, start_after, started_on,
         expire_seconds, heartbeat_on, heartbeat_seconds, output) values ${values}`,
    );

  it("what waits, with times, priorities and counts, dead letters, and what a lost worker held; not what is the app's", async () => {
    await makeLastVersion(database.url);
    await migrateUp(database.url, { secrets: [secret] });
    await put(`
      ('password-reset-request', '{"email": "first@example.com"}', 'created', 7, 2000, 0, now() - interval '10 min', now() + interval '1 h', null, 120, null, 30, null),
      ('password-reset-request', '{"email": "tried@example.com"}', 'retry', 3, 2000, 4, now() - interval '20 min', now() + interval '1 h', now() - interval '5 min', 120, null, 30, '{"tried": true}'),
      ('password-reset-request', '{"email": "lost@example.com"}', 'active', 3, 2000, 1, now() - interval '9 min', now() - interval '9 min', now() - interval '3 min', 120, now() - interval '3 min', 30, null),
      ('password-reset-request', '{"email": "held@example.com"}', 'active', 3, 2000, 0, now() - interval '9 min', now() - interval '9 min', now(), 120, now(), 30, null),
      ('password-reset-request', '{"email": "done@example.com"}', 'completed', 3, 2000, 0, now() - interval '9 min', now(), now(), 120, null, 30, '{"outcome": "sent"}'),
      ('credential-notice-dead', '{"accountId": "x"}', 'created', 0, 2, 0, now() - interval '1 day', now(), null, 900, null, null, null)`);
    await database.query(`insert into pgboss.queue (name, policy, retry_limit, retry_delay, retry_backoff, expire_seconds, retention_seconds, deletion_seconds, partition, table_name)
      values ('invoices', 'standard', 2, 0, false, 900, 86400, 86400, false, 'job_common')`);
    await put(`('invoices', '{"number": 1}', 'created', 0, 2, 0, now(), now(), null, 900, null, null, null)`);
    const columns = `name, data, priority, retry_count, retry_limit, created_on, started_on, output, keep_until`;
    const before = await database.query(
      `select id, ${columns} from pgboss.job where data ->> 'email' in ('first@example.com', 'tried@example.com') or name like '%dead' order by id`,
    );

    const { services } = await start();
    expect(await services.jobs.takeOver('pgboss', queues)).toBe(4);
    expect(await services.jobs.takeOver('pgboss', queues)).toBe(0);
    const after = await database.query(
      `select id, ${columns} from latchkey_jobs.job where data ->> 'email' in ('first@example.com', 'tried@example.com') or name like '%dead' order by id`,
    );
    expect(after).toEqual(before);
    const states = await database.query(
      `select data ->> 'email' as email, state::text, start_after > now() as waits from latchkey_jobs.job where name not like '%dead' order by 1`,
    );
    expect(states).toEqual([
      { email: 'first@example.com', state: 'created', waits: true },
      { email: 'lost@example.com', state: 'retry', waits: false },
      { email: 'tried@example.com', state: 'retry', waits: true },
    ]);
    const left = await database.query(
      `select coalesce(data ->> 'email', name) as what, state::text from pgboss.job order by 1`,
    );
    expect(left).toEqual([
      { what: 'done@example.com', state: 'completed' },
      { what: 'held@example.com', state: 'active' },
      { what: 'invoices', state: 'created' },
    ]);
  });

  it('every few seconds, also what an old process gives back or writes later; several workers take each job once', async () => {
    await makeLastVersion(database.url);
    await migrateUp(database.url, { secrets: [secret] });
    const running = await start();
    await running.startWorker();
    await put(
      `('password-reset-request', '{"email": "later@example.com"}', 'created', 0, 2000, 0, now(), now(), null, 120, null, 30, null)`,
    );
    const outcome = () =>
      database.query(
        `select output ->> 'outcome' as outcome from job where data ->> 'email' = 'later@example.com' and state = 'completed'`,
      );
    expect(await eventually(outcome, (rows) => rows.length > 0)).toEqual([{ outcome: 'no-recipient' }]);

    await database.query(`insert into pgboss.job (name, data, start_after)
      select 'password-reset-request', jsonb_build_object('email', n || '@example.com'), now() + interval '1 h' from generate_series(1, 1200) n`);
    const takes = await Promise.all([1, 2, 3].map(() => running.services.jobs.takeOver('pgboss', queues)));
    await eventually(
      () => database.query('select from pgboss.job'),
      (rows) => rows.length === 0,
    );
    expect(takes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(1_200);
    expect(
      await database.query(
        `select count(distinct data)::int as n, count(*)::int as all from job where start_after > now() + interval '30 min'`,
      ),
    ).toEqual([{ n: 1_200, all: 1_200 }]);
  });

  it('and warns by name, but goes on, where it lacks a right', async () => {
    await makeLastVersion(database.url);
    await migrateUp(database.url, { secrets: [secret] });
    await database.query(
      `alter schema pgboss owner to current_user; revoke all on schema pgboss from ${database.role}`,
    );
    const running = await start();
    await running.startWorker();
    const told = () =>
      running.logged().match(/jobs of the last version stay in its queue: this role lacks rights there/g);
    await eventually(told, (found) => found !== null);
    expect(running.logged()).toMatch(/"code":"42501"/);
    await running.client.requestPasswordReset({ email: 'nobody@example.com' });
    await eventually(
      () => database.query(`select from job where state = 'completed'`),
      (rows) => rows.length === 1,
    );
    await database.query(`grant usage on schema pgboss to ${database.role}`);
    await put(
      `('password-reset-request', '{"email": "later@example.com"}', 'created', 0, 2000, 0, now(), now(), null, 120, null, 30, null)`,
    );
    await eventually(
      () => database.query(`select from job where state = 'completed'`),
      (rows) => rows.length === 2,
    );
    expect(told()).toHaveLength(1);
  });

  it('but a new installation beside it takes none of its jobs', async () => {
    await makeLastVersion(database.url);
    await put(
      `('password-reset-request', '{"email": "theirs@example.com"}', 'created', 0, 2000, 0, now(), now(), null, 120, null, 30, null)`,
    );
    await migrateUp(database.url, { secrets: [secret] });
    await migrateUp(database.url, { secrets: [secret] }, schemasOf('second'));
    const running = await start({ DATABASE_SCHEMA: 'second' });
    await running.startWorker();
    await running.client.requestPasswordReset({ email: 'nobody@example.com' });
    await eventually(
      () => database.query(`select from second_jobs.job where state = 'completed'`),
      (rows) => rows.length === 1,
    );
    expect(await database.query(`select state::text from pgboss.job`)).toEqual([{ state: 'created' }]);
    expect(await database.query('select from second.former_home')).toEqual([]);
  });
});
