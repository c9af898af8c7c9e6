import { rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { digestOf, mintResetKey } from '../../src/password-reset/keys/reset-key.js';
import { ResetKeys } from '../../src/password-reset/keys/reset-keys.js';
import { withPath } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { killAll, Latchkey, main, readyz, type Settings } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { startSmtpSink } from '../support/smtp-sink.js';
import { createDatabase, createRedis, hasRedisServer, type TestDatabase } from '../support/stores.js';
import { buildNextVersion } from './next-version/build.js';
import { addressOf, Balancer, People, tally } from './rolling-load.js';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

const accounts = 20_000;

describe.skipIf(!hasRedisServer)('processes are replaced while people call (needs a redis-server on PATH)', () => {
  let database: TestDatabase;
  let redis: EmbeddedRedis;
  let line: Redis;
  let sink: Awaited<ReturnType<typeof startSmtpSink>>;
  let settings: Settings;
  let balancer: Balancer;
  let next: Promise<{ folder: string; program: string }> | undefined;

  beforeEach(async () => {
    [database, redis, sink] = await Promise.all([createDatabase(), createRedis(), startSmtpSink(() => undefined)]);
    line = new Redis(redis.url ?? '');
    const roomy = '1000000/900';
    settings = {
      ...productionSettings({ database: database.url, redis: redis.url ?? '', smtp: sink.url }),
      LIMIT_RESET_PER_CLIENT: roomy,
      LIMIT_RESET_PER_NETWORK: roomy,
    };
    await database.query(
      `insert into account (id, email, password_hash, status)
       select gen_random_uuid(), 'person-' || n || '@example.com', 'not a hash', 'active' from generate_series(0, $1) n`,
      [accounts],
    );
    balancer = new Balancer();
  });
  afterEach(async () => {
    balancer.close();
    line.disconnect();
    await killAll();
    await Promise.all([sink.stop(), redis.stop(), database.drop()]);
  });
  afterAll(async () => {
    if (next) await rm((await next).folder, { recursive: true, force: true });
  });

  const start = (command: 'api' | 'worker', program = main) => Latchkey.of(program, [command], { settings });

  async function startReadyWorker(program = main): Promise<Latchkey> {
    const worker = start('worker', program);
    await worker.said(/the worker waits for jobs/);
    return worker;
  }

  async function startReadyApi(program = main): Promise<Latchkey> {
    const api = start('api', program);
    await balancer.add(api);
    return api;
  }

  /** Makes a key and its record as the worker does, but mails nothing. */
  async function keyFor(number: number): Promise<string> {
    const keys = new ResetKeys(line, [settings.SECRET ?? ''], createLog('silent', 'test'), new Metrics());
    const [row] = await database.query<{ id: string }>('select id from account where email = $1', [addressOf(number)]);
    const key = mintResetKey();
    const record = { accountId: row?.id ?? '', credentialVersion: 1, expiresAt: new Date(Date.now() + 3_600_000) };
    await keys.remember(digestOf(key), record, 3_600);
    return key;
  }

  /** The recipients of the mails of one kind that the relay took. */
  function mailed(kind: 'reset-link' | 'password-changed'): string[] {
    const found = sink.taken.filter((mail) => new RegExp(`^Message-ID:\\s*<[^>]*${kind}@`, 'im').test(mail));
    return found.map((mail) => /^To: <?([^\s>]+)/im.exec(mail)?.[1] ?? 'nobody').sort();
  }

  /** Every answered request led to one finished job and one mail, and every reset to one notice. */
  async function expectNothingLost(people: People): Promise<void> {
    const asked = [...people.asked.keys()].sort();
    const changed = [...people.reset.keys()].sort();
    await eventually(
      () => database.query(`select 1 from job where state < 'completed' limit 1`),
      (left) => left.length === 0,
      40_000,
    );
    const jobs = await database.query<{ email: string; outcome: string }>(
      `select data ->> 'email' as email, output ->> 'outcome' as outcome from job where name = 'password-reset-request'`,
    );
    expect(jobs.map(({ email }) => email).sort()).toEqual(asked);
    expect([...new Set(jobs.map(({ outcome }) => outcome))]).toEqual(['sent']);
    expect(mailed('reset-link')).toEqual(asked);
    expect(mailed('password-changed')).toEqual(changed);
    const rows = await database.query<{ email: string }>(
      `select email from account a join reset_receipt r on r.account_id = a.id where credential_version = 2`,
    );
    expect(rows.map(({ email }) => email).sort()).toEqual(changed);
  }

  it('one after the other: no call without an answer, no row lost, no mail twice', async () => {
    const old = await Promise.all([startReadyApi(), startReadyApi(), startReadyWorker(), startReadyWorker()]);
    const people = new People(balancer, 4, keyFor);
    await wait(1_000);
    // Signalled more than once, as by npm, a terminal and a supervisor together.
    const end = async (each: Latchkey) => {
      each.child.kill('SIGTERM');
      await wait(100);
      each.child.kill('SIGINT');
      each.child.kill('SIGTERM');
      return each.ended;
    };
    const ends = [];
    for (const [api, worker] of [
      [old[0], old[2]],
      [old[1], old[3]],
    ] as const) {
      await Promise.all([startReadyApi(), startReadyWorker()]);
      ends.push(...(await Promise.all([end(api), end(worker)])));
    }
    await wait(500);
    await people.stop();

    expect(ends.map(({ code, errors }) => ({ code, errors }))).toEqual(old.map(() => ({ code: 0, errors: '' })));
    expect(tally(people.asked.values())).toEqual({ PasswordResetRequested: people.asked.size });
    expect(tally(people.reset.values())).toEqual({ PasswordResetCompleted: people.reset.size });
    expect(people.asked.size).toBeGreaterThan(100);
    expect(people.reset.size).toBeGreaterThan(10);
    await expectNothingLost(people);
  });

  // Shows: F-51
  it('old beside new over one migration, and back: both work, and the migration holds nobody up', async () => {
    next = buildNextVersion();
    const [oldApi, oldWorker] = await Promise.all([startReadyApi(), startReadyWorker()]);
    const { program } = await next;
    const people = new People(balancer, 4, keyFor);
    const columns = () =>
      database.query(
        `select 1 from information_schema.columns where table_name = 'account' and column_name = 'last_reset_at'`,
      );

    // A transaction that has read the table, and stays open for longer than calls wait for a lock.
    const other = new pg.Client({ connectionString: database.url, ...withPath });
    await other.connect();
    await other.query('begin; select count(*) from account');
    const migrating = Latchkey.of(program, ['migrate', 'up'], { settings: { DATABASE_URL: settings.DATABASE_URL } });
    const waits = `select 1 from pg_locks where relation = 'account'::regclass and mode = 'AccessExclusiveLock' and not granted`;
    await eventually(
      () => database.query(waits),
      (rows) => rows.length > 0,
      30_000,
    );
    await wait(4_000);
    expect(await columns()).toEqual([]);
    await other.query('commit');
    await other.end();
    const migrated = await migrating.ended;
    expect(migrated).toMatchObject({ code: 0, errors: '' });
    expect(migrated.output).toMatch(/^applied 20990101-last-reset$/m);
    expect(await columns()).toHaveLength(1);

    // Both versions side by side; then the new one alone; then the old one again, as after a bad release.
    const [newApi, newWorker] = await Promise.all([startReadyApi(program), startReadyWorker(program)]);
    await wait(1_000);
    const ends = await Promise.all([oldApi, oldWorker].map((each) => each.stop('SIGTERM')));
    await wait(500);
    const [api] = await Promise.all([startReadyApi(), startReadyWorker()]);
    ends.push(...(await Promise.all([newApi, newWorker].map((each) => each.stop('SIGTERM')))));
    await wait(500);
    await people.stop();

    expect(ends.map(({ code, errors }) => ({ code, errors }))).toEqual(ends.map(() => ({ code: 0, errors: '' })));
    expect(tally(people.asked.values())).toEqual({ PasswordResetRequested: people.asked.size });
    expect(tally(people.reset.values())).toEqual({ PasswordResetCompleted: people.reset.size });
    const written = await database.query<{ by_new: number; by_old: number }>(
      `select count(last_reset_at)::int as by_new, (count(*) - count(last_reset_at))::int as by_old
         from account where credential_version = 2`,
    );
    expect(written[0]?.by_new).toBeGreaterThan(0);
    expect(written[0]?.by_old).toBeGreaterThan(0);
    await expectNothingLost(people);
    const status = await Latchkey.run(['migrate', 'status'], { DATABASE_URL: settings.DATABASE_URL });
    expect(status).toMatchObject({ code: 0, errors: '' });

    // If the job queue's tables are of a newer version, running processes go on; a new one waits and is not ready.
    await database.query('update version set version = version + 1');
    const late = start('api');
    const url = await late.url();
    await late.said(/the job queue cannot start yet/);
    expect(await readyz(url)).toMatchObject({ status: 503, body: { parts: { postgres: 'ok', jobs: 'starting' } } });
    expect(await readyz(await api.url())).toMatchObject({ status: 200 });
  });
});
