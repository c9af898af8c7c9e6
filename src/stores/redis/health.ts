import { randomBytes } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import { firstWord } from '../../observability/first-word.js';

/**
 * The state of Redis. `evicts`: it may drop keys when it is full; `full`, `forbidden`, `read-only`, `refuses`: it
 * answers, but does not take our commands. After the colon the first word of its answer.
 */
export type RedisHealth =
  | 'ok'
  | 'away'
  | 'evicts'
  | `${'away' | 'full' | 'forbidden' | 'read-only' | 'refuses'}: ${string}`;

/**
 * Calls `told` with each server when a connection to it is ready: now, and after each reconnection (perhaps to another
 * server).
 */
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

/** Checks each ready server. @param onPolicy called if it may evict keys, or if it does not let us ask (`unknown`). */
export function watchRedis(redis: Redis | Cluster, onPolicy: (policy: 'evicts' | 'unknown') => void): void {
  onServerReady(redis, async (server) => {
    const { policy } = await ask(server).catch(() => ({ policy: 'keeps' as const }));
    if (policy !== 'keeps') onPolicy(policy);
  });
}

/**
 * Checks whether Redis answers, takes writes under each of our names, and evicts nothing: an eviction policy would drop
 * exactly our keys and counters, because all of them have a TTL. In a cluster every master is checked.
 */
export class RedisCheck {
  /** The first word of the answer to the last connection attempt that failed. */
  #refusal: string | undefined;
  /** For each node, a hash tag whose slot the node has. */
  readonly #tags = new WeakMap<Redis, number>();

  /** @param families the beginnings of our names. */
  constructor(
    private readonly redis: Redis | Cluster,
    private readonly families: readonly string[],
  ) {
    const note = (error: unknown) => {
      this.#refusal = firstWord(error) ?? this.#refusal;
    };
    redis.on('error', note);
    if (redis instanceof Cluster) redis.on('node error', note);
    redis.on('ready', () => {
      this.#refusal = undefined;
    });
  }

  /** Never rejects. */
  async check(): Promise<RedisHealth> {
    const found = await this.#look();
    return found === 'away' && this.#refusal ? `away: ${this.#refusal}` : found;
  }

  async #look(): Promise<RedisHealth> {
    if (!(this.redis instanceof Cluster)) return this.#server(this.redis);
    const masters = mastersOf(this.redis);
    if (!masters) return 'away';
    const found = await Promise.all(masters.map((node) => this.#node(node)));
    return found.find((each) => each.startsWith('away')) ?? found.find((each) => each !== 'ok') ?? 'ok';
  }

  /** A node that answers may still have to refuse every command, because the cluster as a whole is down. */
  async #node(node: Redis): Promise<RedisHealth> {
    const state = node.cluster('INFO').catch((error) => (firstWord(error) === 'NOPERM' ? 'cluster_state:ok' : ''));
    return /cluster_state:ok/.test(await state) ? this.#server(node) : 'away';
  }

  async #server(server: Redis): Promise<RedisHealth> {
    // Before a connection is ready only INFO is answered; this lasts while a server loads its data.
    if (server.status === 'connect') return 'away';
    try {
      const { policy, isReplica } = await ask(server);
      if (policy === 'evicts') return 'evicts';
      await this.#write(server);
      return isReplica ? 'away' : 'ok';
    } catch (error) {
      return refusal(error);
    }
  }

  /** Leaves nothing behind. In a cluster a node takes names of its own slots only. */
  async #write(server: Redis): Promise<void> {
    const value = randomBytes(8).toString('hex');
    const inCluster = this.redis instanceof Cluster;
    for (let tag = this.#tags.get(server) ?? 0, tries = 0; ; tag = (tag + 1) % mostTags, tries++) {
      const end = inCluster ? `health{${tag}}${value}` : `health-${value}`;
      try {
        for (const family of this.families) await use(server, `${family}${end}`, value);
        if (inCluster) this.#tags.set(server, tag);
        return;
      } catch (error) {
        if (!inCluster || firstWord(error) !== 'MOVED' || tries >= mostTags) throw error;
      }
    }
  }
}

/** More than enough for each of 16 masters to own a slot among them. */
const mostTags = 256;

async function use(server: Redis, name: string, value: string): Promise<void> {
  const answers = await Promise.all([
    server.set(name, value, 'PX', 5_000),
    server.get(name),
    server.del(name),
    // The limits are scripts.
    server.eval('return 1', 1, name),
  ]);
  if (answers[1] !== value) throw new Error('what was written could not be read');
}

function refusal(error: unknown): RedisHealth {
  const word = firstWord(error);
  if (word === undefined) return 'away';
  if (word === 'OOM') return `full: ${word}`;
  if (word === 'NOPERM') return `forbidden: ${word}`;
  if (word === 'READONLY') return `read-only: ${word}`;
  return /^(?:WRONGPASS|NOAUTH|LOADING|MASTERDOWN|CLUSTERDOWN|MOVED)$/.test(word)
    ? `away: ${word}`
    : `refuses: ${word}`;
}

/** If our user may not use INFO, the policy is unknown and the server is assumed to be a master. */
async function ask(server: Redis): Promise<{ policy: 'keeps' | 'evicts' | 'unknown'; isReplica: boolean }> {
  try {
    const info = await server.info();
    const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
    const evicts = policy !== undefined && policy !== 'noeviction';
    return { policy: evicts ? 'evicts' : 'keeps', isReplica: /^role:(?:slave|replica)/m.test(info) };
  } catch (error) {
    if (firstWord(error) !== 'NOPERM') throw error;
    return { policy: 'unknown', isReplica: false };
  }
}

/** The masters of all slots, as the client last learned; undefined if a slot has no connected master. */
function mastersOf(cluster: Cluster): Redis[] | undefined {
  const slots = 16_384;
  const names = new Set(Array.from({ length: slots }, (_, slot) => cluster.slots[slot]?.[0]));
  const nodes = new Map(cluster.nodes('master').map((node) => [`${node.options.host}:${node.options.port}`, node]));
  const masters = [...names].map((name) => nodes.get(name ?? ''));
  return masters.every((node) => node !== undefined) ? masters : undefined;
}
