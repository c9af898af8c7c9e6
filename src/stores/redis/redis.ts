import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { atMostEvery } from '../../observability/at-most-every.js';
import { describeFault, type Log } from '../../observability/log.js';
import { parseRedisUrl, type RedisAddress } from './url.js';

/** Milliseconds until the next attempt. */
const backOff = (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000);

/**
 * Options in milliseconds. The driver must never send a command twice: a lost answer is an error that the caller sees.
 */
export const redisOptions = {
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  /** Commands that are under way when the connection breaks fail immediately. */
  maxRetriesPerRequest: 0,
  commandTimeout: 1_000,
  connectTimeout: 3_000,
  /** A connection whose other end is silent this long is dropped, and a new one is made. */
  socketTimeout: 3_000,
  keepAlive: 10_000,
  retryStrategy: backOff,
  /**
   * A demoted master, or a name that leads to another server now: 1 reconnects; 2 would also send the command again.
   */
  reconnectOnError: (error: Error) => /\bREADONLY\b/.test(error.message) && 1,
} as const satisfies RedisOptions;

/**
 * The cluster client's own retries are off, too. It only follows MOVED and ASK, at most twice, because a node that
 * answers so has not executed the command.
 */
const clusterOptions = {
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  maxRedirections: 3,
  /** The ready check would need an offline queue at the nodes. A cluster that is down says so to each command. */
  enableReadyCheck: false,
  scaleReads: 'master',
  /** Milliseconds. So a promoted replica is found although the dead master cannot tell. */
  slotsRefreshInterval: 1_000,
  clusterRetryStrategy: backOff,
  /**
   * A lost node is forgotten; when the last one is lost, the names in the URL are resolved anew. With retries, a node
   * that waits for its next try would never report that it was dropped, and the client would hang (ioredis 6.0.0).
   */
  clusterNodeRetryStrategy: null,
  /** Names are not resolved here: certificates contain them, and each new connection may resolve to another address. */
  dnsLookup: (name: string, done: (error: null, address: string) => void) => done(null, name),
} as const;

/**
 * Makes a client that connects in the background. While there is no connection, commands fail immediately.
 *
 * @param keyPrefix the driver puts it before every name, also in scripts, but not into patterns (SCAN) or answers that
 * contain names; only the gauges read such answers, and they take the prefix into account.
 * @throws RedisUrlError when `url` cannot be read.
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
      // The driver would go on with database 0, which may belong to another program.
      (redis as Redis).disconnect(true);
    });
  return redis;
}

/** Logs one line a second at most, because a cluster client tries a node that is down at each command for it. */
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
    // The driver leaves a server that says it is a replica, whatever the Sentinels said.
    role: 'master',
    ...(sentinelUsername ? { sentinelUsername } : {}),
    ...(sentinelPassword ? { sentinelPassword } : {}),
    sentinelCommandTimeout: 1_000,
    sentinelRetryStrategy: backOff,
    // Off: a failover message that arrives while the connector asks a Sentinel ends the client for ever (ioredis
    // 6.0.0).
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
        // Set here, so that commands to a single node have the prefix as well.
        keyPrefix,
        ...(username ? { username } : {}),
        ...(password ? { password } : {}),
        ...(tls ? { tls: {} } : {}),
      },
    },
  );
  // The driver gives every node an offline queue, whatever the options say, and connects a node at its first command.
  cluster.on('+node', (node: Redis) => {
    node.options.enableOfflineQueue = false;
    node.connect().catch(() => undefined);
  });
  cluster.connect().catch(() => undefined);
  return cluster;
}
