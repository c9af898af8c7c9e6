import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createLog } from '../../../src/observability/log.js';
import { openDatabase } from '../../../src/services/database.js';
import { openRedis } from '../../../src/stores/redis/redis.js';
import { eventually } from '../../support/eventually.js';
import { createDatabase, createRedis, hasRedisServer } from '../../support/stores.js';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Forwards until `vanish`: then lines that are open swallow everything, as if the other end had gone without a word. */
async function startProxy(to: string) {
  const { port, hostname } = new URL(to);
  let open: Socket[] = [];
  const gone = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    open.push(near);
    near.on('data', (bytes) => gone.has(near) || far.write(bytes));
    far.on('data', (bytes) => gone.has(near) || near.write(bytes));
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('close', () => far.destroy());
    far.on('close', () => gone.has(near) || near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const url = new URL(to);
  url.port = String((server.address() as AddressInfo).port);
  const vanish = () => {
    for (const socket of open) gone.add(socket);
    open = [...open];
  };
  return { url: url.href, vanish };
}

it('comes back to PostgreSQL by itself when the other end of every line is gone', async () => {
  const database = await createDatabase();
  stops.push(database.drop);
  const proxy = await startProxy(database.url);
  const orm = openDatabase(proxy.url, { poolSize: 2 });
  stops.push(() => orm.close(true));
  const ask = () => orm.em.fork().execute('select 1');
  await Promise.all([ask(), ask()]);
  proxy.vanish();
  await Promise.allSettled([ask(), ask()]);
  const answers = await Promise.allSettled([ask(), ask(), ask(), ask()]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
}, 40_000);

it.skipIf(!hasRedisServer)(
  'comes back to Redis by itself, too (needs a redis-server on PATH)',
  async () => {
    const server = await createRedis();
    stops.push(server.stop);
    const proxy = await startProxy(server.url ?? '');
    const redis = openRedis(proxy.url, createLog('silent', 'test'));
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
