import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { digestOf, mintResetKey } from '../../src/password-reset/keys/reset-key.js';
import { ResetKeys } from '../../src/password-reset/keys/reset-keys.js';
import { eventually } from '../support/eventually.js';
import { killAll, Latchkey, main, readyz, type Settings } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { createDatabase, createRedis, hasRedisServer, type TestDatabase } from '../support/stores.js';
import { insertAccount } from './accounts.js';
import { count, memoryOf, openLoop, post } from './open-loop.js';

vi.setConfig({ testTimeout: 120_000 });
afterAll(killAll);

const policy = { query: '{ passwordPolicy { __typename minLength } }' };
const roomy = '1000000/900';
/** `TEMPORARILY_UNAVAILABLE` is the error code of a call that was refused before its document was read. */
const known = ['PasswordResetRequested', 'InvalidCredentials', 'TemporarilyUnavailable', 'TEMPORARILY_UNAVAILABLE'];
/** MiB. Measured: 160 to 360, more if the heap may grow; an unbounded queue takes as much again each second. */
const mostMemory = 700;

function expectHealthy(seen: { ready: number[]; live: number[]; memory: number }): void {
  expect(seen.live.length).toBeGreaterThan(3);
  expect([...new Set(seen.live)]).toEqual([200]);
  // On a busy machine /readyz may fail now and then.
  expect(seen.ready.filter((status) => status === 200).length).toBeGreaterThan(seen.ready.length * 0.8);
  expect(seen.memory).toBeLessThan(mostMemory);
}

/** Calls /livez and /readyz and measures the memory until the returned function is called. */
function watch(url: string, pid: number) {
  const seen = { ready: [] as number[], live: [] as number[], memory: memoryOf(pid) };
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const [live, ready] = await Promise.all([fetch(`${url}/livez`), fetch(`${url}/readyz`)]);
      await Promise.all([live.text(), ready.text()]);
      seen.live.push(live.status);
      seen.ready.push(ready.status);
      seen.memory = Math.max(seen.memory, memoryOf(pid));
      await wait(100);
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return seen;
  };
}

describe.skipIf(!hasRedisServer)('ten times as many calls as can be served (needs a redis-server on PATH)', () => {
  let database: TestDatabase;
  let redis: EmbeddedRedis;
  let settings: Settings;
  let api: Latchkey;
  let url: string;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createDatabase(), createRedis()]);
    settings = {
      ...productionSettings({ database: database.url, redis: redis.url ?? '', smtp: 'smtp://127.0.0.1:9' }),
      // All callers of this test use one address, and more connections than one client may hold.
      TRUST_PROXY: '127.0.0.1',
      HASH_CONCURRENCY: '1',
      LIMIT_RESET_PER_CLIENT: roomy,
      LIMIT_RESET_PER_NETWORK: roomy,
      LIMIT_HASH_PER_CLIENT: roomy,
      LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: roomy,
      LIMIT_SIGN_IN_PER_CLIENT: roomy,
      LIMIT_SIGN_IN_PER_ADDRESS: roomy,
    };
    api = Latchkey.start(['api'], settings);
    url = await api.url();
    await vi.waitFor(async () => expect(await readyz(url)).toMatchObject({ status: 200 }), 60_000);
  });
  afterAll(async () => {
    await killAll();
    await Promise.all([redis.stop(), database.drop()]);
  });

  const request = (number: number) => ({
    query: 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }',
    variables: { input: { email: `person-${number}@example.com` } },
  });

  it('requests, when PostgreSQL is slower than they come: each is accepted as a row, or refused immediately', async () => {
    // Two inserts, of up to a hundred rows each, in a second.
    await database.query(`create function slow() returns trigger language plpgsql
                          as 'begin perform pg_sleep(1); return null; end'`);
    await database.query('create trigger slow before insert on job_common for each statement execute function slow()');
    await openLoop(url, 50, 1, request);
    const health = watch(url, api.pid);
    const calls = await openLoop(url, 2_000, 4, (number) => request(number + 1_000));
    const seen = await health();
    await database.query('drop trigger slow on job_common');
    const begun = performance.now();
    await eventually(
      () => openLoop(url, 100, 0.2, (number) => request(number + 100_000)),
      (after) =>
        after.length > 0 && after.every(({ outcome, ms }) => outcome === 'PasswordResetRequested' && ms < 1_000),
    );
    const recovery = performance.now() - begun;

    const outcomes = count(calls);
    const accepted = outcomes.PasswordResetRequested ?? 0;
    expect(accepted).toBeGreaterThan(300);
    expect(outcomes.TemporarilyUnavailable).toBeGreaterThan(300);
    expect(Object.keys(outcomes).filter((each) => !known.includes(each))).toEqual([]);
    expectHealthy(seen);
    expect(recovery).toBeLessThan(10_000);
    const [rows] = await database.query<{ count: number }>(
      `select count(*)::int from job where data ->> 'email' ~ '^person-[1-9][0-9]{3}@'`,
    );
    expect(rows?.count).toBe(accepted);
  });

  // Shows: R-57, V-40, F-47
  it('hashes: what is too much is told immediately, and resets with a real key go on', async () => {
    const line = new Redis(redis.url ?? '');
    const keys = new ResetKeys(line, [settings.SECRET ?? ''], createLog('silent', 'test'), new Metrics());
    const owners = await Promise.all(
      [1, 2, 3].map((n) => insertAccount(database, `owner-${n}@example.com`, 'the password that gets lost')),
    );
    const sign = (number: number) => ({
      query: 'mutation($input: SignInInput!) { signIn(input: $input) { __typename } }',
      variables: { input: { email: `person-${number}@example.com`, password: randomBytes(12).toString('hex') } },
    });
    const health = watch(url, api.pid);
    const flood = openLoop(url, 300, 5, sign);
    await wait(1_500);
    const client = createLatchkeyClient({ url });
    const resets: string[] = [];
    for (const accountId of owners) {
      const key = mintResetKey();
      const expiresAt = new Date(Date.now() + 3_600_000);
      await keys.remember(digestOf(key), { accountId, credentialVersion: 1, expiresAt }, 3_600);
      const { __typename } = await client.resetPassword({ key, password: `a quite new ${accountId}` });
      resets.push(__typename);
    }
    const calls = await flood;
    line.disconnect();
    const seen = await health();
    const outcomes = count(calls);
    expect(outcomes.TemporarilyUnavailable).toBeGreaterThan(300);
    expect(outcomes.InvalidCredentials).toBeGreaterThan(0);
    expect(Object.keys(outcomes).filter((each) => !known.includes(each))).toEqual([]);
    expectHealthy(seen);
    expect(resets).toEqual(owners.map(() => 'PasswordResetCompleted'));
  });
});

describe.concurrent('connections that only take up room', () => {
  async function startAlone(more: Settings = {}, node: readonly string[] = [process.execPath]) {
    const nowhere = '127.0.0.1:9';
    const stores = { database: `postgres://u:p@${nowhere}/x`, redis: `redis://${nowhere}`, smtp: `smtp://${nowhere}` };
    const api = Latchkey.of(main, ['api'], { settings: { ...productionSettings(stores), ...more }, node });
    const url = await api.url();
    return { api, url, port: Number(new URL(url).port) };
  }

  /** Opens a raw connection; the tests look at what the server does with it. */
  function open(port: number, text: string, localAddress = '127.0.0.1'): Socket & { told: string } {
    const socket = Object.assign(connect({ port, host: '127.0.0.1', localAddress }), { told: '' });
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      socket.told += chunk;
    });
    socket.write(text);
    return socket;
  }
  const leftOf = (sockets: readonly Socket[]) => sockets.filter(({ closed }) => !closed).length;

  /** Makes an ordinary call on a new connection. */
  const honest = async (url: string, localAddress = '127.0.0.1') =>
    (await post(new Agent({ localAddress }), url, policy)).outcome;

  // Shows: F-45
  it('two thousand that drip headers and bodies are cut in time, and nobody else notices', async () => {
    const { api, url, port } = await startAlone({ TRUST_PROXY: '127.0.0.1' });
    const head = 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    const starts = [`${head}x-slow: `, `${head}content-length: 1000\r\n\r\n{`];
    const before = memoryOf(api.pid);
    const slow = Array.from({ length: 2_000 }, (_, n) => open(port, starts[n % 2] ?? ''));
    const dripping = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write(' ');
    }, 2_000);
    const outcomes: string[] = [];
    let most = 0;
    await eventually(
      async () => {
        outcomes.push(await honest(url));
        most = Math.max(most, memoryOf(api.pid) - before);
        return leftOf(slow);
      },
      (left) => left === 0,
      40_000,
    );
    clearInterval(dripping);
    expect([...new Set(outcomes)]).toEqual(['PasswordPolicy']);
    expect(outcomes.length).toBeGreaterThan(20);
    expect(slow.filter(({ told }) => told.startsWith('HTTP/1.1 408')).length).toBeGreaterThan(1_900);
    expect(most).toBeLessThan(200);
  });

  const page = 'GET /reset-password HTTP/1.1\r\nhost: x\r\n';
  const asks = {
    page: `${page}\r\n`,
    'expect anything': `${page}expect: x\r\n\r\n`,
    'expect to go on': `${page}expect: 100-continue\r\n\r\n`,
    upgrade: `${page}connection: upgrade\r\nupgrade: websocket\r\n\r\n`,
    'upgrade to HTTP/2': `${page}connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n`,
    HEAD: 'HEAD /reset-password HTTP/1.1\r\nhost: x\r\n\r\n',
    preflight:
      'OPTIONS /graphql HTTP/1.1\r\nhost: x\r\norigin: https://a.example\r\naccess-control-request-method: POST\r\n\r\n',
    'a tunnel': 'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n',
    'a file': 'GET /reset-password/page-000000000000.css HTTP/1.1\r\nhost: x\r\n\r\n',
    nothing: 'GET /x HTTP/1.1\r\nhost: x\r\n\r\n',
    'no host': 'GET / HTTP/1.1\r\n\r\n',
    'kept open by HTTP/1.0': 'GET /livez HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
    'empty calls': 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n',
    calls: `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 15\r\nexpect: x\r\n\r\n{"query":"{ x"}`,
    'chunked calls': 'POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'a broken one at the end': `${page}\r\n${page}\r\nGARBAGE\r\n\r\n`,
  };

  it('hundreds that send requests of any kind and never read the answers do not exhaust the memory', async () => {
    const node = [process.execPath, '--max-old-space-size=160'];
    // Without TRUST_PROXY the limit of one address would end the connections before memory matters.
    const { api, url, port } = await startAlone({ TRUST_PROXY: '127.0.0.1' }, node);
    for (const [kind, ask] of Object.entries(asks)) {
      const all = ask.repeat(Math.ceil((128 * 1024) / ask.length));
      const deaf = Array.from({ length: kind === 'page' ? 400 : 60 }, () => open(port, all).pause());
      const answers = await Promise.all(Array.from({ length: 4 }, () => honest(url)));
      expect(answers, kind).toEqual(answers.map(() => 'PasswordPolicy'));
      for (const socket of deaf) socket.destroy();
      expect(api.child.exitCode, kind).toBeNull();
    }
    expect(memoryOf(api.pid)).toBeLessThan(400);
  });

  it('one address holds at most a twentieth of them, whatever it sends, and the alarm names TRUST_PROXY', async () => {
    const { api, url, port } = await startAlone();
    const head = 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    const starts = ['', 'GET /li', `${head}x-slow: `, `${head}content-length: 1000\r\n\r\n{`];
    const halves: Socket[] = [];
    for (let round = 0; round < 7; round++) {
      halves.push(...Array.from({ length: 300 }, (_, n) => open(port, starts[n % 4] ?? '')));
      expect(await honest(url, '127.0.0.2')).toBe('PasswordPolicy');
    }
    await eventually(
      async () => leftOf(halves),
      (left) => left <= 200,
      20_000,
    );
    // A new caller from the same address is served, too: the connection that has waited longest is closed for it.
    expect(await honest(url)).toBe('PasswordPolicy');
    for (const socket of halves) socket.destroy();
    const alarm = await api.said(/(\{[^\n]*ALARM: one address[^\n]*)/);
    expect(JSON.parse(alarm)).toMatchObject({ reason: 'connections-of-one-client', client: '127.0.0.1', count: 200 });
    expect(alarm).toContain('TRUST_PROXY');
    expect(api.output).not.toContain('connections-full');
  });

  const fewFiles = (files: number) => ['/bin/sh', '-c', `ulimit -n ${files}; exec "$0" "$@"`, process.execPath];

  it.runIf(process.platform === 'linux')(
    'addresses that fill all places together, each with its share, do not keep out a new one (needs Linux)',
    async () => {
      const { api, url, port } = await startAlone({}, fewFiles(528));
      const slow: Socket[] = [];
      for (let address = 10; address < 40; address++) {
        slow.push(...Array.from({ length: 20 }, () => open(port, 'GET /li', `127.0.1.${address}`)));
        expect(await honest(url, '127.0.0.2')).toBe('PasswordPolicy');
      }
      const alarm = await api.said(/(\{[^\n]*ALARM: too many connections[^\n]*)/);
      expect(JSON.parse(alarm)).toMatchObject({ reason: 'connections-full', count: 400 });
      // The clients learn only a moment later that their connections are closed.
      await eventually(
        async () => leftOf(slow),
        (left) => left <= 400,
      );
      for (const socket of slow) socket.destroy();
    },
  );

  it.runIf(process.platform === 'linux')(
    'hoarders of idle connections give way where few files may be open (needs Linux)',
    async () => {
      const { url, port } = await startAlone({ TRUST_PROXY: '127.0.0.1' }, fewFiles(300));
      const idle: ReturnType<typeof open>[] = [];
      for (let round = 0; round < 4; round++) {
        idle.push(...Array.from({ length: 100 }, () => open(port, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')));
        await wait(300);
        expect(await honest(url)).toBe('PasswordPolicy');
        await eventually(
          async () => leftOf(idle),
          (left) => left <= 300 - 128,
        );
      }
      for (const socket of idle) socket.destroy();
    },
  );
});
