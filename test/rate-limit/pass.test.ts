import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/calls/caller.js';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { clientNames } from '../../src/http/client-ip.js';
import { CallerLimit } from '../../src/rate-limit/caller-limit.js';
import { pass } from '../../src/rate-limit/pass.js';
import { RateLimiter } from '../../src/rate-limit/rate-limiter.js';
import { redisOptions } from '../../src/stores/redis/redis.js';
import { createRedis, hasRedisServer } from '../support/stores.js';

const from = (address: string): Caller => ({ ...clientNames(address), requestId: 'one' });

/** Limits of a cluster are counted name by name, because a script may touch one server only. */
const likeCluster = (redis: Redis): Redis => new Proxy(redis, { getPrototypeOf: () => Cluster.prototype });

describe.skipIf(!hasRedisServer).each([
  ['in one step', (redis: Redis) => redis],
  ['name by name, as in a cluster', likeCluster],
])('a call that must pass limits, %s (needs a redis-server on PATH)', (way, counted) => {
  let server: EmbeddedRedis;
  let redis: Redis;
  const refusals: string[] = [];
  beforeAll(async () => {
    server = await createRedis();
    redis = new Redis(server.url ?? '', redisOptions);
    redis.on('error', () => undefined);
    await new Promise((resolve) => redis.once('ready', resolve));
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(async () => {
    await redis.flushall();
    refusals.length = 0;
  });

  const limiter = (name: string, points: number) =>
    new RateLimiter(counted(redis), name, [{ points, seconds: 600 }], 'fail', (key) => refusals.push(`${name} ${key}`));
  const limit = (
    name: string,
    counts: 'calls' | 'failures',
    { client, network }: { client: number; network: number },
  ) => {
    const share = (factor: number) => limiter(`${name}-network`, factor * network);
    return new CallerLimit(counts, limiter(`${name}-client`, client), {
      '': share(1),
      '/48': share(4),
      '/32': share(16),
    });
  };
  const names = async () => (await redis.keys('*')).sort();

  it('is counted for the client, each network and what it is about', async () => {
    const passed = await pass(
      from('2001:db8:1:2::3'),
      [limit('call', 'calls', { client: 2, network: 2 })],
      [{ limiter: limiter('thing', 2), key: 'it' }],
    );
    expect(passed).toMatchObject({ kind: 'Passed', used: { client: [1], networks: [1, 1, 1] } });
    expect(await names()).toEqual([
      'limit:call-client:600:2001:db8:1:2::/64',
      'limit:call-network:600:2001:db8:1:0::/56',
      'limit:call-network:600:2001:db8:1::/48',
      'limit:call-network:600:2001:db8::/32',
      'limit:thing:600:it',
    ]);
  });

  it('sends as few commands as its way allows', async () => {
    const limits = [limit('call', 'calls', { client: 2, network: 2 })];
    await pass(from('203.0.113.7'), limits);
    const sent = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
    const before = await sent();
    await pass(from('203.0.113.7'), limits);
    // INFO counts itself, and the commands of a script are counted, too.
    expect((await sent()) - before - 1).toBe(way === 'in one step' ? 1 + 2 * 3 : 2 + 2 * (1 + 3));
    expect((await pass(from('203.0.113.7'), limits)).kind).toBe('TooManyRequests');
    expect(await redis.mget(await names())).toEqual(['2', '2']);
  });

  it('is given back by limits of failures when it succeeded, and by all limits when it was not made', async () => {
    const limits = [
      limit('call', 'calls', { client: 9, network: 9 }),
      limit('failure', 'failures', { client: 9, network: 9 }),
    ];
    const others = [{ limiter: limiter('thing', 2), key: 'it' }];
    const first = await pass(from('203.0.113.7'), limits, others);
    if (first.kind === 'Passed') await first.succeeded();
    expect(await names()).toEqual(['limit:call-client:600:203.0.113.7', 'limit:call-network:600:203.0.113.0/24']);
    await redis.flushall();
    const second = await pass(from('203.0.113.7'), limits, others);
    if (second.kind === 'Passed') await second.giveBack();
    expect(await names()).toEqual([]);
  });

  it('makes no name when a network refuses, and the widest that refuses is told', async () => {
    const limits = [limit('call', 'calls', { client: 1, network: 1 })];
    const pass1 = (address: string) => pass(from(address), limits, [{ limiter: limiter('thing', 1), key: address }]);
    for (let each = 0; each < 16; each++) await pass1(`2001:db8:${each}::1`);
    const before = await names();
    expect(before.filter((name) => name.includes('client'))).toHaveLength(16);
    const verdicts = await Promise.all(Array.from({ length: 200 }, (_, each) => pass1(`2001:db8:${each}:${each}::1`)));
    expect(verdicts.filter(({ kind }) => kind === 'Passed')).toEqual([]);
    expect(await names()).toEqual(before);
    expect(new Set(refusals)).toEqual(new Set(['call-network 2001:db8::/32']));
  });

  it('is one of no more than the narrowest limit allows, however many come at the same time', async () => {
    const limits = [limit('call', 'calls', { client: 100, network: 7 })];
    const all = Array.from({ length: 100 }, (_, host) =>
      pass(from(`203.0.113.${host}`), limits, [{ limiter: limiter('thing', 5), key: String(host % 2) }]),
    );
    const kinds = (await Promise.all(all)).map(({ kind }) => kind);
    const passed = kinds.filter((kind) => kind === 'Passed').length;
    expect(passed).toBeLessThanOrEqual(7);
    expect(passed).toBeGreaterThan(0);
    const counted = await Promise.all(
      (await names()).map(async (name) => [name, Number(await redis.get(name))] as const),
    );
    const sum = (part: string) => counted.reduce((all, [name, n]) => (name.includes(part) ? all + n : all), 0);
    expect([sum('network'), sum('client'), sum('thing')]).toEqual([passed, passed, passed]);
    expect(counted.every(([, n]) => n > 0)).toBe(true);
  });

  it('keeps no neighbour out by a burst of one client that its own limit refuses', async () => {
    const limits = [limit('call', 'calls', { client: 3, network: 20 })];
    const burst = Array.from({ length: 200 }, () => pass(from('203.0.113.1'), limits));
    const neighbours = Array.from({ length: 10 }, (_, host) => pass(from(`203.0.113.${host + 10}`), limits));
    expect((await Promise.all(neighbours)).map(({ kind }) => kind)).toEqual(Array(10).fill('Passed'));
    expect((await Promise.all(burst)).filter(({ kind }) => kind === 'Passed')).toHaveLength(3);
  });
});

it('is counted in this process while Redis is away, unless one of its limits fails then', async () => {
  const redis = new Redis({ ...redisOptions, lazyConnect: true });
  const refusals: string[] = [];
  const limits = (whenAway: 'count-here' | 'fail') => {
    const windows = (points: number) => [{ points, seconds: 600 }];
    const network = new RateLimiter(redis, 'call-network', windows(3), 'count-here');
    const client = new RateLimiter(redis, 'call-client', windows(2), whenAway, (key) => refusals.push(key));
    return [new CallerLimit('failures', client, { '': network, '/48': network, '/32': network })];
  };
  const here = limits('count-here');
  const first = await pass(from('203.0.113.7'), here);
  expect(first).toMatchObject({ used: { client: [1], networks: [1] } });
  expect(await pass(from('203.0.113.7'), here)).toMatchObject({ used: { client: [2], networks: [2] } });
  expect((await pass(from('203.0.113.7'), here)).kind).toBe('TooManyRequests');
  expect(refusals).toEqual(['203.0.113.7']);
  if (first.kind === 'Passed') await first.succeeded();
  expect(await pass(from('203.0.113.7'), here)).toMatchObject({ used: { client: [2], networks: [2] } });
  expect(await pass(from('203.0.113.8'), here)).toMatchObject({ used: { client: [1], networks: [3] } });
  expect((await pass(from('203.0.113.9'), here)).kind).toBe('TooManyRequests');
  await expect(pass(from('203.0.113.7'), limits('fail'))).rejects.toThrow('not ready');
  redis.disconnect();
});
