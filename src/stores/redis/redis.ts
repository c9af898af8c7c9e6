import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { atMostEvery } from '../../observability/at-most-every.js';
import { describeFault, type Log } from '../../observability/log.js';
import { parseRedisUrl, type RedisAddress } from './url.js';

/** Milliseconds until the next attempt. */
const backOff = (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000);

/**
 * No command is ever sent twice behind our back: a lost answer is an error that the caller sees.
 * Milliseconds.
 */
export const redisOptions = {
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  /** What was under way when the line broke fails immediately. */
  maxRetriesPerRequest: 0,
  commandTimeout: 1_000,
  connectTimeout: 3_000,
  /** A line whose other end is gone is dropped, and a new one made. */
  socketTimeout: 3_000,
  keepAlive: 10_000,
  retryStrategy: backOff,
  /** A master that was demoted, or a name that leads to another server now: connect anew; 2 would send again. */
  reconnectOnError: (error: Error) => /\bREADONLY\b/.test(error.message) && 1,
} as const satisfies RedisOptions;

/**
 * A cluster's own ways to send again are off as well. What it still follows are MOVED and ASK, at most twice: whoever
 * answers so has not executed the command.
 */
const clusterOptions = {
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  maxRedirections: 3,
  /** Its command would need an offline queue at the nodes. A cluster that is down says so to each command. */
  enableReadyCheck: false,
  scaleReads: 'master',
  /** A promoted replica is found although its dead master can tell nobody. */
  slotsRefreshInterval: 1_000,
  clusterRetryStrategy: backOff,
  /**
   * A node that is lost is forgotten, and with the last one the names in the URL are resolved anew. With retries, a
   * node that waits for the next one would never tell that it was dropped, and the client stand still (ioredis 6.0.0).
   */
  clusterNodeRetryStrategy: null,
  /** Names stay names: certificates are made out to them, and each new line may resolve to another address. */
  dnsLookup: (name: string, done: (error: null, address: string) => void) => done(null, name),
} as const;

/**
 * Connects in the background; until then, and whenever the line is down, commands fail immediately.
 *
 * @param keyPrefix put before every name by the driver, also before those of scripts; patterns and answers that hold
 * names (SCAN) would go without, and nothing here uses them but the gauges, which know.
 */
export function openRedis(url: string, log: Log, keyPrefix = ''): Redis | Cluster {
  const address = parseRedisUrl(url);
  const redis = address.kind === 'cluster' ? openCluster(address, keyPrefix) : openServer(address, keyPrefix);
  const note = noteFaults(log);
  redis.on('error', note);
  if (address.kind === 'cluster') redis.on('node error', note);
  else
    redis.on('error', (error: Error & { command?: { name?: string } }) => {
      if (error.command?.name !== 'select') return;
      log.error({ part: 'redis', reason: 'redis-database-missing' }, 'REDIS_URL names a database that is not there');
      // The driver would go on with database 0, which may be another's.
      (redis as Redis).disconnect(true);
    });
  return redis;
}

/** One line a second at most: a cluster tries a node that is down at each command for it. */
function noteFaults(log: Log): (error: Error) => void {
  return atMostEvery(1_000, (count, error: Error) => {
    log.warn({ part: 'redis', count, fault: describeFault(error) }, 'redis connection fault');
  });
}

function openServer(address: Exclude<RedisAddress, { kind: 'cluster' }>, keyPrefix: string): Redis {
  const { tls, username, password, database: db } = address;
  const options = {
    ...redisOptions,
    keyPrefix,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    db,
  };
  if (address.kind === 'single') {
    const [server] = address.servers;
    return new Redis({ ...options, ...server, ...(tls ? { tls: {} } : {}) });
  }
  const { sentinelUsername, sentinelPassword } = address;
  return new Redis({
    ...options,
    ...(tls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
    sentinels: address.servers.map((each) => ({ ...each })),
    name: address.master,
    // A server that says it is a replica is left again, whatever the Sentinels said.
    role: 'master',
    ...(sentinelUsername ? { sentinelUsername } : {}),
    ...(sentinelPassword ? { sentinelPassword } : {}),
    sentinelCommandTimeout: 1_000,
    sentinelRetryStrategy: backOff,
    // Its message, arriving while the connector asks a Sentinel, would end the client for good (ioredis 6.0.0).
    failoverDetector: false,
  });
}

function openCluster({ servers, tls, username, password }: RedisAddress, keyPrefix: string): Cluster {
  const cluster = new Cluster(
    servers.map((each) => ({ ...each })),
    {
      ...clusterOptions,
      lazyConnect: true,
      redisOptions: {
        ...redisOptions,
        // Here and not above, so that a command to one node has it as well.
        keyPrefix,
        ...(username ? { username } : {}),
        ...(password ? { password } : {}),
        ...(tls ? { tls: {} } : {}),
      },
    },
  );
  // The driver gives every node an offline queue, whatever the options say, and connects it at its first command.
  cluster.on('+node', (node: Redis) => {
    node.options.enableOfflineQueue = false;
    node.connect().catch(() => undefined);
  });
  cluster.connect().catch(() => undefined);
  return cluster;
}
