import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Unavailable } from '../../src/calls/errors.js';
import { countOnce } from '../../src/rate-limit/count-once.js';
import { RateLimiter } from '../../src/rate-limit/rate-limiter.js';
import { takeAll } from '../../src/rate-limit/take-all.js';
import { createRedis } from '../support/stores.js';

let server: Awaited<ReturnType<typeof createRedis>>;
let redis: Redis;

beforeAll(async () => {
  server = await createRedis();
  redis = server.connect?.() ?? new Redis(server.url ?? '');
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

const once = (mark: string) => ({ mark, seconds: 60 });

it('counts a job once, and says at later tries that it was counted', async () => {
  const take = vi.fn(async () => 'counted');
  expect(await countOnce(redis, once('one'), take, () => 'before')).toBe('counted');
  expect(await countOnce(redis, once('one'), take, () => 'before')).toBe('before');
  expect(take).toHaveBeenCalledTimes(1);
  expect(await redis.ttl('one')).toBeGreaterThan(60);
});

it('counts again what found no room, or could not be counted', async () => {
  expect(
    await countOnce(
      redis,
      once('two'),
      async () => undefined,
      () => 'before',
    ),
  ).toBeUndefined();
  const fails = () => Promise.reject(new Error('cut'));
  await expect(countOnce(redis, once('two'), fails, () => 'before')).rejects.toThrow(Unavailable);
  expect(
    await countOnce(
      redis,
      once('two'),
      async () => 'counted',
      () => 'before',
    ),
  ).toBe('counted');
});

it('does not count again because an earlier count could not be looked at', async () => {
  await countOnce(
    redis,
    once('three'),
    async () => 'counted',
    () => 'before',
  );
  const fails = () => Promise.reject(new Error('cut'));
  await expect(countOnce(redis, once('three'), async () => 'twice', fails)).rejects.toThrow(Unavailable);
  expect(
    await countOnce(
      redis,
      once('three'),
      async () => 'twice',
      () => 'before',
    ),
  ).toBe('before');
});

it('takes a point of every limit, or of none', async () => {
  const limit = (name: string, points: number) => ({
    limiter: new RateLimiter(redis, name, [{ points, seconds: 60 }], 'fail'),
    key: 'somebody',
  });
  const [wide, narrow] = [limit('wide', 9), limit('narrow', 1)];
  expect(await takeAll([[wide], [narrow]])).toMatchObject({ kind: 'Taken', used: [[1], [1]] });
  expect(await takeAll([[wide], [narrow]])).toMatchObject({ kind: 'Refused', refusedBy: [narrow] });
  expect((await wide.limiter.look('somebody')).used).toBe(1);
});
