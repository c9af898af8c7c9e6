import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { MemoryWindow, mostNames } from '../../src/rate-limit/memory-window.js';
import { RateLimiter } from '../../src/rate-limit/rate-limiter.js';
import { redisOptions } from '../../src/stores/redis/redis.js';
import { createRedis, hasRedisServer } from '../support/stores.js';

describe.skipIf(!hasRedisServer)('a rate limit (needs a redis-server on PATH)', () => {
  let server: EmbeddedRedis;
  let redis: Redis;
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

  it('lets exactly as many through as it says, however many come at the same time', async () => {
    const limiter = new RateLimiter(redis, 'at-once', [{ points: 7, seconds: 60 }], 'fail');
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => limiter.take('one')));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(7);
    const refused = verdicts.find(({ allowed }) => !allowed);
    expect(refused?.retryAfterSeconds).toBeGreaterThan(55);
    expect(refused?.retryAfterSeconds).toBeLessThanOrEqual(60);
    expect((await limiter.take('another')).allowed).toBe(true);
  });

  it('counts in every window, or in none', async () => {
    const limiter = new RateLimiter(
      redis,
      'windows',
      [
        { points: 3, seconds: 86_400 },
        { points: 2, seconds: 1 },
      ],
      'fail',
    );
    const take = async () => (await limiter.take('one')).allowed;
    expect([await take(), await take(), await take(), await take()]).toEqual([true, true, false, false]);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect([await take(), await take()]).toEqual([true, false]);
    expect((await limiter.look('one')).retryAfterSeconds).toBeGreaterThan(86_000);
  });

  it('says when it refills as soon as the last point is taken', async () => {
    const limiter = new RateLimiter(redis, 'refill', [{ points: 2, seconds: 100 }], 'fail');
    expect(await limiter.take('one')).toMatchObject({ allowed: true, refillsInSeconds: 0 });
    expect((await limiter.take('one')).refillsInSeconds).toBeGreaterThan(95);
    await limiter.giveBack('one');
    expect((await limiter.take('one')).allowed).toBe(true);
  });

  it('keeps no name for a call that was refused, or whose point was given back, however they come', async () => {
    const windows = [
      { points: 2, seconds: 60 },
      { points: 5, seconds: 600 },
    ];
    const limiter = new RateLimiter(redis, 'nothing-left', windows, 'fail');
    const names = () => redis.keys('limit:nothing-left:*');
    await limiter.giveBack('never seen');
    await limiter.look('never seen');
    expect(await names()).toEqual([]);
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        if ((await limiter.take('one')).allowed) await limiter.giveBack('one');
      }),
    );
    expect(await names()).toEqual([]);
    // Giving a point back after its window ended writes nothing.
    await limiter.take('late');
    await redis.del('limit:nothing-left:60:late');
    await limiter.giveBack('late');
    expect(await names()).toEqual([]);
  });

  // Shows: V-44
  it('keeps nothing without a TTL', async () => {
    const names = await redis.keys('limit:*');
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(await redis.ttl(name), name).toBeGreaterThan(0);
  });

  it('counts in this process, or fails, when Redis is away', async () => {
    const away = new Redis('redis://127.0.0.1:1', { ...redisOptions, retryStrategy: () => null });
    away.on('error', () => undefined);
    const here = new RateLimiter(away, 'away', [{ points: 2, seconds: 60 }], 'count-here');
    expect([
      (await here.take('one')).allowed,
      (await here.take('one')).allowed,
      (await here.take('one')).allowed,
    ]).toEqual([true, true, false]);
    await expect(new RateLimiter(away, 'away', [{ points: 2, seconds: 60 }], 'fail').take('one')).rejects.toThrow();
    away.disconnect();
  });

  it('counts here in a bounded number of names; when they are too many, the oldest is forgotten', () => {
    let now = 0;
    const window = new MemoryWindow(2, 60, () => now);
    for (let each = 0; each < mostNames + 100; each++) window.take(`stranger ${each}`);
    expect(window.size).toBe(mostNames);
    expect(window.look('stranger 99').used).toBe(0);
    expect(window.look('stranger 100').used).toBe(1);
    expect([window.take('stranger 100').used, window.take('stranger 100').used]).toEqual([2, 3]);
    window.giveBack('stranger 100');
    window.giveBack('stranger 100');
    expect(window.size).toBe(mostNames - 1);
    now = 60_001;
    expect(window.take('somebody').used).toBe(1);
    expect(window.size).toBe(1);
  });
});
