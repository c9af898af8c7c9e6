import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { Inbox } from '../../src/dev/inbox/inbox.js';
import { databaseRights } from '../../src/services/rights.js';
import { schemasOf } from '../../src/stores/postgres/schemas.js';
import { emptyDatabase } from '../processes/empty-database.js';
import { withPath } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { keyIn } from '../support/latchkey.js';
import { killAll, Latchkey, readyz } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { createRedis, hasRedisServer } from '../support/stores.js';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

// Roles belong to the whole server, which other tests use as well, so their names have a random suffix.
const suffix = randomBytes(4).toString('hex');
const roles = { migrate: `keep-${suffix}`, api: `Serve_${suffix}`, worker: `work_${suffix}` };
const former = `former_${suffix}`;
const password = 'of-the-role';
/** Nobody listens there. */
const events = { EVENTS_URL: 'https://127.0.0.1:1/', EVENTS_SECRET: 'correct-horse-battery-staple' };
let database: Awaited<ReturnType<typeof emptyDatabase>>;
let admin: pg.Client;
let grants: string;

const as = (user: string) => Object.assign(new URL(database.url), { username: user, password }).href;
const withRole = async <T>(user: string, work: (client: pg.Client) => Promise<T>) => {
  const client = new pg.Client({ connectionString: as(user), ...withPath });
  await client.connect();
  return work(client).finally(() => client.end());
};
const rowsOf = async (sql: string) => (await admin.query(sql)).rows;

beforeAll(async () => {
  database = await emptyDatabase();
  admin = new pg.Client({ connectionString: database.url, ...withPath });
  await admin.connect();
  const { code, output, errors } = await Latchkey.run([
    ...['migrate', 'grants', '--migrate-role', roles.migrate],
    ...['--api-role', roles.api, '--worker-role', roles.worker],
  ]);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  grants = output;
  await admin.query(grants);
  for (const role of Object.values(roles)) await admin.query(`alter role "${role}" password '${password}'`);
});
afterAll(async () => {
  await killAll();
  await admin.end();
  await database.drop();
});

it('refuses names that are none, or that stand for two roles', async () => {
  for (const [name, fault] of [
    [`x'; drop table account`, /is no name of a role/],
    ['latchkey_worker', /three names/],
  ] as const) {
    const { code, output, errors } = await Latchkey.run(['migrate', 'grants', '--api-role', name]);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(fault);
  }
});

// The stand-in for Redis lives in one process, and this test starts two.
describe.skipIf(!hasRedisServer)('each process as its own role (needs a redis-server on PATH)', () => {
  let redis: EmbeddedRedis;
  let inbox: Inbox;
  let api: Latchkey;
  let worker: Latchkey;
  let url: string;
  let workerUrl: string;
  const mailTo = (email: string, pattern: RegExp) =>
    inbox.waitFor((mail) => mail.envelope.to.includes(email) && pattern.test(mail.text), 20_000);
  const isReady = (of: string) =>
    eventually(
      () => readyz(of),
      ({ status }) => status === 200,
      20_000,
    );

  beforeAll(async () => {
    [redis, inbox] = await Promise.all([createRedis(), Inbox.start()]);
    const port = String(await freePort());
    workerUrl = `http://127.0.0.1:${port}`;
    const settings = {
      ...productionSettings({ database: '', redis: redis.url ?? '', smtp: inbox.smtpUrl }),
      SIGN_UP: 'confirm',
      ...events,
      OPS_HOST: '127.0.0.1',
    };
    const migrated = await Latchkey.run(['migrate', 'up'], { ...settings, DATABASE_URL: as(roles.migrate) });
    expect(migrated).toMatchObject({ code: 0, errors: '' });
    // The grants run again after the migration, as an operator does it, and once more as the owner of the tables, which
    // is no superuser.
    await admin.query(grants);
    await withRole(roles.migrate, (client) => client.query(grants));
    await admin.query(`
      insert into audit_event (at, kind) values
        (now() - interval '401 days', 'too old'), (now() - interval '399 days', 'kept')`);
    await admin.query(`
      insert into audit_refusal (hour, kind, client, count, first_at, last_at)
        select now() - days * interval '1 day', 'of day ' || days, 'none', 1, now(), now()
          from (values (401), (399)) as of (days)`);
    api = Latchkey.start(['api'], { ...settings, DATABASE_URL: as(roles.api) });
    worker = Latchkey.start(['worker'], { ...settings, OPS_PORT: port, DATABASE_URL: as(roles.worker) });
    url = await api.url();
    await worker.said(/the worker waits for jobs/);
    await Promise.all([isReady(url), isReady(workerUrl)]);
  });
  afterAll(async () => {
    await killAll();
    await Promise.all([inbox.stop(), redis.stop()]);
  });

  it('everything works: sign-up, sign-in, request, reset, change, and no right is missing', async () => {
    const client = createLatchkeyClient({ url });
    const email = 'alice@example.com';
    const first = 'the password that gets lost';
    expect(await client.signUp({ email, password: first })).toMatchObject({ __typename: 'SignUpRequested' });
    const [, confirm = ''] = /#confirm=([\w-]{43})/.exec((await mailTo(email, /#confirm=/)).text) ?? [];
    expect(await client.confirmSignUp({ key: confirm, password: first })).toMatchObject({
      __typename: 'SignUpConfirmed',
    });
    const signIn = (given: string) => client.signIn({ email, password: given });
    expect(await signIn('a wrong password that is long')).toMatchObject({ __typename: 'InvalidCredentials' });
    expect(await signIn(first)).toMatchObject({ __typename: 'SignedIn' });

    await client.requestPasswordReset({ email: 'nobody@example.com' });
    expect(await client.requestPasswordReset({ email })).toMatchObject({ __typename: 'PasswordResetRequested' });
    const key = keyIn(await mailTo(email, /#key=/));
    expect(await client.passwordResetKey(key)).toMatchObject({ __typename: 'ResetKeyValid' });
    const reset = () => client.resetPassword({ key, password: 'a quite new password' });
    expect(await reset()).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(await reset(), 'a lost answer is repaired').toMatchObject({ __typename: 'PasswordResetCompleted' });

    const signedIn = await signIn('a quite new password');
    if (signedIn.__typename !== 'SignedIn') throw new Error(`sign-in ended with ${signedIn.__typename}`);
    const person = createLatchkeyClient({ url, accessToken: () => signedIn.accessToken });
    expect(
      await person.changePassword({ currentPassword: 'a quite new password', newPassword: 'the newest of all words' }),
    ).toMatchObject({ __typename: 'PasswordChanged' });
    await eventually(
      () => rowsOf(`select kind from audit_event where kind = 'notice.sent'`),
      (rows) => rows.length > 0,
    );
    await eventually(
      () => rowsOf(`select distinct kind from audit_refusal where kind ~ '^(account|reset)' order by 1`),
      (rows) => rows.map(({ kind }) => kind).join() === 'account.sign-in-refused,reset.no-recipient',
    );
    const account = (...args: string[]) =>
      Latchkey.run(['account', ...args], { ...events, DATABASE_URL: as(roles.migrate), NODE_ENV: 'production' });
    expect(await account('add', 'bob@example.com')).toMatchObject({ code: 0 });
    expect(await account('disable', 'bob@example.com')).toMatchObject({ code: 0, errors: '' });
    await eventually(
      () =>
        rowsOf(`select data -> 'event' ->> 'type' as type from job
          where name = 'events-1' and output ->> 'reason' in ('econnrefused', 'receiver-rests') order by created_on`),
      (rows) => rows.map(({ type }) => type).join() === 'password.reset,account.disabled',
    );
    const jobs = await Latchkey.run(['jobs', 'count'], { DATABASE_URL: as(roles.worker), NODE_ENV: 'production' });
    expect(jobs).toMatchObject({ code: 0, errors: '' });
    for (const { output } of [api, worker]) expect(output).not.toMatch(/42501|permission denied|must be owner/);
  });

  it('the worker erases what is older than 400 days, and nothing younger, whatever it asks for', async () => {
    const old = () =>
      rowsOf(`select kind from audit_event where kind in ('too old', 'kept')
      union select kind from audit_refusal where kind like 'of day%' order by 1`);
    expect(await eventually(old, (rows) => rows.length === 2)).toEqual([{ kind: 'kept' }, { kind: 'of day 399' }]);
    await withRole(roles.worker, async (client) => {
      // A caller's temporary table of the same name does not deceive the function: it uses the real table.
      await client.query(`create temp table audit_event (id bigint, at timestamptz)`);
      await client.query(`insert into pg_temp.audit_event values (1, '2000-01-01')`);
      for (const most of ['null', '2147483647']) {
        const { rows } = await client.query(`select erase_old_audit_events(${most}) as n`);
        expect(rows).toEqual([{ n: '0' }]);
      }
    });
    expect(await old()).toHaveLength(2);
  });

  it.each(['api', 'worker'] as const)('the role of %s can change or erase no audit row', async (which) => {
    const refused = async (client: pg.Client, sql: string) =>
      client.query(sql).then(
        () => `${sql}: done`,
        ({ code }: { code?: string }) => (code === '42501' ? [] : `${sql}: ${code}`),
      );
    await withRole(roles[which], async (client) => {
      const statements = ['audit_event', 'audit_refusal'].flatMap((table) => [
        `update ${table} set kind = 'nothing'`,
        `delete from ${table}`,
        `truncate ${table}`,
        `drop table ${table}`,
        `alter table ${table} disable trigger all`,
        `alter table ${table} owner to "${roles[which]}"`,
        `create rule never as on insert to ${table} do instead nothing`,
      ]);
      const functions = ['erase_old_audit_events(1)', 'erase_old_refusals(1)'].map((each) => `select ${each}`);
      const all = [
        ...statements,
        `set role "${roles.migrate}"`,
        `select * from audit_refusal for update`,
        `select * from audit_event for update`,
        `create function latchkey.now() returns timestamptz language sql as $$ select 'infinity'::timestamptz $$`,
        ...(which === 'api' ? functions : []),
      ];
      for (const sql of all) expect(await refused(client, sql)).toEqual([]);
    });
  });

  it('a right that is taken away is named by health, functions too, and the same SQL gives it back to the running process', async () => {
    await admin.query(`revoke execute on function erase_old_audit_events(integer) from "${roles.worker}"`);
    const missing = 'forbidden: 42501 execute on erase_old_audit_events';
    await eventually(
      () => readyz(workerUrl),
      ({ status, body }) => status === 503 && JSON.stringify(body).includes(missing),
    );
    await admin.query(grants);
    await isReady(workerUrl);
  });

  // Shows: R-02
  it('requestPasswordReset needs what the SQL says in its comment, and no right on accounts', async () => {
    const schemas = schemasOf();
    for (const schema of Object.values(schemas)) {
      await admin.query(`revoke all on all tables in schema ${schema} from "${roles.api}"`);
    }
    for (const right of databaseRights(schemas).request) {
      if ('function' in right) continue;
      const { schema, table, privileges } = right;
      const tables = await rowsOf(`select relname from pg_class where relnamespace = '${schema}'::regnamespace
        and relkind in ('r', 'p') and relname like '${table}'`);
      for (const { relname } of tables) {
        await admin.query(`grant ${privileges.join()} on ${schema}.${relname} to "${roles.api}"`);
        expect(grants).toMatch(`--   ${privileges.join(', ').toLowerCase()} on ${schema}.${table}`);
      }
    }
    inbox.clear();
    const client = createLatchkeyClient({ url });
    const [email, given] = ['alice@example.com', 'the newest of all words'];
    expect(await client.signIn({ email, password: given })).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await client.requestPasswordReset({ email })).toMatchObject({ __typename: 'PasswordResetRequested' });
    await mailTo(email, /#key=/);
    await admin.query(grants);
    expect(await client.signIn({ email, password: given })).toMatchObject({ __typename: 'SignedIn' });
  });
});

describe('a database that one user owns', () => {
  let own: Awaited<ReturnType<typeof emptyDatabase>>;
  afterAll(() => own.drop());

  it('is handed over, and processes that still run as that user go on', async () => {
    own = await emptyDatabase();
    const url = (user: string) => Object.assign(new URL(own.url), { username: user, password }).href;
    await admin.query(`create role ${former} login password '${password}'`);
    await admin.query(`grant create on database ${new URL(own.url).pathname.slice(1)} to ${former}`);
    const [operator, user] = [own.url, url(former)].map(
      (each) => new pg.Client({ connectionString: each, ...withPath }),
    );
    if (!operator || !user) throw new Error('no clients');
    await Promise.all([operator.connect(), user.connect()]);
    try {
      expect(await Latchkey.run(['migrate', 'up'], { DATABASE_URL: url(former) })).toMatchObject({ code: 0 });
      await user.query(`insert into audit_event (at, kind) values (now() - interval '401 days', 'too old')`);
      expect((await user.query('select erase_old_audit_events(5) as n')).rows).toEqual([{ n: '1' }]);

      await operator.query(grants);
      const owners = await operator.query(`
        select distinct pg_get_userbyid(relowner) as owner from pg_class
         where relnamespace in ('latchkey'::regnamespace, 'latchkey_jobs'::regnamespace)
        union select pg_get_userbyid(proowner) from pg_proc
         where pronamespace in ('latchkey'::regnamespace, 'latchkey_jobs'::regnamespace)`);
      expect(owners.rows).toEqual([{ owner: roles.migrate }]);
      await user.query(`insert into audit_event (kind) values ('still written')`);
      await user.query(`delete from audit_event where kind = 'still written'`);
      await user.query(`select job_now(), count_refusals('[]')`);
      expect(await Latchkey.run(['migrate', 'up'], { DATABASE_URL: url(former) })).toMatchObject({ code: 0 });

      await operator.query(`revoke "${roles.migrate}" from ${former}`);
      await expect(user.query('delete from latchkey.audit_event')).rejects.toMatchObject({ code: '42501' });
      await operator.query(`grant "${roles.migrate}" to "${roles.api}"`);
      await expect(operator.query(grants)).rejects.toThrow(/member of/);
      await operator.query('rollback');
      await operator.query(`revoke "${roles.migrate}" from "${roles.api}"`);
    } finally {
      await Promise.all([operator.end(), user.end()]);
    }
  });
});
