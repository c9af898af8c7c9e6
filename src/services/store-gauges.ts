import type { MikroORM } from '@mikro-orm/postgresql';
import { Cluster, type Redis } from 'ioredis';
import { sharedWithin } from '../calls/deadline.js';
import type { Metrics } from '../observability/metrics.js';
import { healthPatience } from './health-patience.js';
import { redisFamilies } from './redis-names.js';

/** Random names that are read from each server for one estimate; the cost does not depend on how many there are. */
const drawn = 100;

interface Stores {
  readonly orm: MikroORM;
  readonly redis: Redis | Cluster;
  readonly keyPrefix: string;
}

/** Adds gauges of how full the stores are. They are estimates whose cost does not grow with the data. */
export function measureStores(metrics: Metrics, { orm, redis, keyPrefix }: Stores): void {
  const servers = () => (redis instanceof Cluster ? redis.nodes('master') : [redis]);
  const memory = sharedWithin(
    healthPatience,
    () => Promise.all(servers().map(memoryOf)),
    () => [],
  );
  metrics.measure('latchkey_redis_memory_ratio', async () => {
    const ratios = (await memory()).filter((ratio) => ratio !== undefined);
    return ratios.length > 0 ? [{ labels: {}, value: Math.max(...ratios) }] : [];
  });
  const names = sharedWithin(
    healthPatience,
    () => Promise.all(servers().map((server) => namesOf(server, keyPrefix))),
    () => [],
  );
  metrics.measure('latchkey_redis_names', async () => {
    const sums = new Map<string, number>();
    for (const [family, count] of (await names()).flat()) sums.set(family, (sums.get(family) ?? 0) + count);
    return [...sums].map(([family, value]) => ({ labels: { family }, value: Math.round(value) }));
  });
  metrics.measure('latchkey_rows', async () => {
    const rows = await orm.em.fork().execute<{ name: string; n: string }[]>(
      `select relname as name, sum(n_live_tup) as n from pg_stat_user_tables
        where schemaname = ? and relname in ('account', 'audit_event', 'audit_refusal', 'reset_receipt') group by 1`,
      [orm.config.get('schema')],
    );
    return rows.map(({ name, n }) => ({ labels: { table: name }, value: Number(n) }));
  });
}

/** Used memory divided by `maxmemory`; undefined if there is no `maxmemory`. */
async function memoryOf(server: Redis): Promise<number | undefined> {
  const info = await server.info('memory');
  const [used, most] = ['used_memory', 'maxmemory'].map((field) =>
    Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0),
  );
  return most && used !== undefined ? used / most : undefined;
}

/** The number of names of each family on one server, estimated from a random sample. */
async function namesOf(server: Redis, keyPrefix: string): Promise<[string, number][]> {
  const all = await server.dbsize();
  if (all === 0) return [];
  const sample = await Promise.all(Array.from({ length: drawn }, () => server.randomkey()));
  const counts = new Map<string, number>();
  for (const name of sample) {
    const own = name?.startsWith(keyPrefix) ? name.slice(keyPrefix.length) : '';
    const family = redisFamilies.find((each) => own.startsWith(each))?.replace(/:$/, '') ?? 'other';
    counts.set(family, (counts.get(family) ?? 0) + 1);
  }
  return [...counts].map(([family, count]) => [family, (all * count) / drawn]);
}
