import { afterEach, expect, it } from 'vitest';
import { createLog } from '../../../src/observability/log.js';
import { openDatabase } from '../../../src/services/database.js';
import { openRedis } from '../../../src/stores/redis/redis.js';
import { eventually } from '../../support/eventually.js';
import { createDatabase, createRedis, hasRedisServer } from '../../support/stores.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

// Shows: F-49
it('comes back to PostgreSQL by itself when the other end of every connection is gone', async () => {
  const database = await createDatabase();
  stops.push(database.drop);
  const proxy = await TcpProxy.to(database.url);
  stops.push(() => proxy.shut());
  const orm = openDatabase(proxy.through(database.url), { poolSize: 2 });
  stops.push(() => orm.close(true));
  const ask = () => orm.em.fork().execute('select 1');
  await Promise.all([ask(), ask()]);
  proxy.vanish();
  await Promise.allSettled([ask(), ask()]);
  const answers = await Promise.allSettled([ask(), ask(), ask(), ask()]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
}, 40_000);

// Shows: F-49
it.skipIf(!hasRedisServer)(
  'comes back to Redis by itself, too (needs a redis-server on PATH)',
  async () => {
    const server = await createRedis();
    stops.push(server.stop);
    const proxy = await TcpProxy.to(server.url ?? '');
    stops.push(() => proxy.shut());
    const redis = openRedis(proxy.through(server.url ?? ''), createLog('silent', 'test'));
    stops.push(() => redis.disconnect());
    await eventually(
      () => redis.ping().catch(() => 'away'),
      (answer) => answer === 'PONG',
    );
    proxy.vanish();
    await expect(redis.get('anything')).rejects.toThrow();
    await eventually(
      () => redis.ping().catch(() => 'away'),
      (answer) => answer === 'PONG',
      10_000,
    );
  },
  40_000,
);
