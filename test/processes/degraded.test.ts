import { afterAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { Inbox } from '../../src/dev/inbox/inbox.js';
import { freePort } from '../support/free-port.js';
import { keyIn } from '../support/latchkey.js';
import { killAll, Latchkey, readyz } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { createDatabase, createRedis, hasRedisServer } from '../support/stores.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { insertAccount } from './accounts.js';
import { emptyDatabase } from './empty-database.js';

vi.setConfig({ testTimeout: 60_000 });
afterAll(killAll);

const somewhere = 'smtp://127.0.0.1:9';

it('an API without stores listens, says so, answers what it can, and ends when told', async () => {
  const nothing = `127.0.0.1:${await freePort()}`;
  const settings = productionSettings({
    database: `postgres://u:p@${nothing}/x`,
    redis: `redis://${nothing}`,
    smtp: somewhere,
  });
  const api = Latchkey.start(['api'], settings);
  const url = await api.url();
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect(await readyz(url)).toEqual({
    status: 503,
    body: {
      status: 'degraded',
      parts: expect.objectContaining({ postgres: 'away', redis: 'away', jobs: 'starting' }),
      lines: expect.anything(),
    },
  });
  const client = createLatchkeyClient({ url });
  expect(await client.passwordPolicy()).toMatchObject({ minLength: 15 });
  expect(await client.requestPasswordReset({ email: 'alice@example.com' })).toMatchObject({
    __typename: 'TemporarilyUnavailable',
  });
  const ended = await api.stop('SIGTERM');
  expect(ended).toMatchObject({ code: 0, errors: '' });
  expect(ended.output).not.toContain('u:p@');
});

describe.skipIf(!hasRedisServer)('processes that start before their stores (needs a redis-server on PATH)', () => {
  it('do their work as soon as these are there, without a restart', async () => {
    const [database, redis, inbox] = await Promise.all([createDatabase(), createRedis(), Inbox.start()]);
    onTestFinished(async () => {
      await killAll();
      await Promise.all([inbox.stop(), redis.stop(), database.drop()]);
    });
    await insertAccount(database, 'alice@example.com', 'the password that gets lost');
    const [toDatabase, toRedis] = await Promise.all([TcpProxy.to(database.url), TcpProxy.to(redis.url ?? '')]);
    for (const each of [toDatabase, toRedis]) each.shut();
    const operations = await freePort();
    const settings = productionSettings({
      database: toDatabase.through(database.url),
      redis: toRedis.through(redis.url ?? ''),
      smtp: inbox.smtpUrl,
    });
    const api = Latchkey.start(['api'], settings);
    const worker = Latchkey.start(['worker'], { ...settings, OPS_PORT: String(operations) });
    const url = await api.url();
    const workersUrl = `http://127.0.0.1:${operations}`;
    await vi.waitFor(async () => expect((await fetch(`${workersUrl}/livez`)).status).toBe(200), 20_000);
    for (const each of [url, workersUrl]) {
      expect(await readyz(each)).toMatchObject({ status: 503, body: { parts: { postgres: 'away', redis: 'away' } } });
    }

    await toDatabase.listen();
    for (const each of [url, workersUrl]) {
      await vi.waitFor(async () => {
        const parts = { postgres: 'ok', redis: 'away', jobs: 'ok' };
        expect(await readyz(each)).toMatchObject({ status: 200, body: { status: 'degraded', parts } });
      }, 20_000);
    }
    await toRedis.listen();
    for (const each of [url, workersUrl]) {
      await vi.waitFor(async () => {
        expect(await readyz(each)).toMatchObject({ status: 200, body: { status: 'ok' } });
      }, 20_000);
    }
    const client = createLatchkeyClient({ url });
    await client.requestPasswordReset({ email: 'alice@example.com' });
    const key = keyIn(await inbox.waitFor(({ text }) => text.includes('#key='), 20_000));
    expect(await client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });

    // Wait until all is settled: a worker that is stopped while the database is away retries settlements for a minute.
    await vi.waitFor(async () => {
      const open = await database.query(`select id from job where state <> 'completed'`);
      expect([open, inbox.mails().length]).toEqual([[], 2]);
    }, 20_000);
    toDatabase.shut();
    await vi.waitFor(async () => expect(await readyz(url)).toMatchObject({ status: 503 }), 20_000);
    const ends = await Promise.all([api, worker].map((each) => each.stop('SIGTERM')));
    toRedis.shut();
    expect(ends.map(({ code, errors }) => ({ code, errors }))).toEqual(ends.map(() => ({ code: 0, errors: '' })));
  });

  it('never migrate by themselves: they wait for `latchkey migrate up`, and need no restart after it', async () => {
    const [database, redis] = await Promise.all([emptyDatabase(), createRedis()]);
    onTestFinished(async () => {
      await killAll();
      await Promise.all([redis.stop(), database.drop()]);
    });
    const settings = productionSettings({ database: database.url, redis: redis.url ?? '', smtp: somewhere });
    const [api, worker] = [Latchkey.start(['api'], settings), Latchkey.start(['worker'], settings)];
    const url = await api.url();
    await Promise.all([api, worker].map((each) => each.said(/did `latchkey migrate up` run\?/)));
    expect(await readyz(url)).toMatchObject({ status: 503, body: { parts: { postgres: 'ok', jobs: 'starting' } } });
    expect(await database.tables()).toEqual([]);

    expect(await Latchkey.run(['migrate', 'up'], { DATABASE_URL: database.url })).toMatchObject({ code: 0 });
    await vi.waitFor(async () => expect(await readyz(url)).toMatchObject({ status: 200 }), 20_000);
    await worker.said(/the worker waits for jobs/);
  });
});

it('a taken port ends the process with one clear line', async () => {
  const { hostname, port } = new URL(inject('templateUrl'));
  const database = await createDatabase();
  onTestFinished(database.drop);
  const nothing = productionSettings({ database: database.url, redis: 'redis://127.0.0.1:9', smtp: somewhere });
  const [api, worker] = await Promise.all([
    Latchkey.run(['api'], { ...nothing, HOST: hostname, PORT: port }),
    Latchkey.run(['worker'], { ...nothing, OPS_HOST: hostname, OPS_PORT: port }),
  ]);
  for (const ended of [api, worker]) {
    expect(ended.code).toBe(1);
    expect(ended.errors).toMatch(new RegExp(`^latchkey: .*${port}.*\n$`));
  }
  expect(api.errors).toMatch(/\bPORT\b/);
  expect(worker.errors).toMatch(/OPS_PORT/);
});
