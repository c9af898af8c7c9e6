import { Cluster, type Redis } from 'ioredis';

/** `evicts`: it may drop what it was given. */
export type RedisHealth = 'ok' | 'away' | 'evicts';

/** Tells of each server once a connection to it can be used, now and after each fault; it may be another one by then. */
export function onServerReady(redis: Redis | Cluster, told: (server: Redis) => void): void {
  const watch = (server: Redis) => {
    server.on('ready', () => told(server));
    if (server.status === 'ready') told(server);
  };
  if (redis instanceof Cluster) {
    for (const node of redis.nodes()) watch(node);
    redis.on('+node', watch);
  } else {
    watch(redis);
  }
}

export function watchRedis(redis: Redis | Cluster, onEviction: () => void): void {
  onServerReady(redis, async (server) => {
    if ((await checkServer(server)) === 'evicts') onEviction();
  });
}

/**
 * Whether Redis answers, takes writes and keeps what it is given: a policy that evicts would drop exactly our keys and
 * counters, because all of them have a TTL. In a cluster, whether that holds for each slot.
 */
export async function checkRedis(redis: Redis | Cluster): Promise<RedisHealth> {
  if (!(redis instanceof Cluster)) return checkServer(redis);
  const masters = mastersOf(redis);
  if (!masters) return 'away';
  const found = new Set(await Promise.all(masters.map(checkNode)));
  return found.has('away') ? 'away' : found.has('evicts') ? 'evicts' : 'ok';
}

async function checkServer(server: Redis): Promise<RedisHealth> {
  // Before a line is ready INFO passes alone, and so it does for as long as a server loads its data.
  if (server.status === 'connect') return 'away';
  try {
    const info = await server.info();
    const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
    if (policy !== undefined && policy !== 'noeviction') return 'evicts';
    return /^role:(?:slave|replica)/m.test(info) ? 'away' : 'ok';
  } catch {
    return 'away';
  }
}

/** A node that answers may still have to refuse every command, because the cluster as a whole is down. */
async function checkNode(node: Redis): Promise<RedisHealth> {
  const [server, state] = await Promise.all([checkServer(node), node.cluster('INFO').catch(() => '')]);
  return /cluster_state:ok/.test(state) ? server : 'away';
}

/** The master of each slot, as the cluster said last; undefined if a slot has none, or none that is connected. */
function mastersOf(cluster: Cluster): Redis[] | undefined {
  const slots = 16_384;
  const names = new Set(Array.from({ length: slots }, (_, slot) => cluster.slots[slot]?.[0]));
  const nodes = new Map(cluster.nodes('master').map((node) => [`${node.options.host}:${node.options.port}`, node]));
  const masters = [...names].map((name) => nodes.get(name ?? ''));
  return masters.every((node) => node !== undefined) ? masters : undefined;
}
