import { Redis, type RedisOptions } from 'ioredis';
import { describeFault, type Log } from './log.js';

/**
 * No command is ever sent twice behind our back: a lost answer is an error that the caller sees.
 * Milliseconds.
 */
export const redisOptions = {
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 1_000,
  connectTimeout: 3_000,
  /** A line whose other end is gone is dropped, and a new one made. */
  socketTimeout: 3_000,
  keepAlive: 10_000,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
} as const satisfies RedisOptions;

/** Connects in the background; until then, and whenever the line is down, commands fail at once. */
export function openRedis(url: string, log: Log): Redis {
  const redis = new Redis(url, redisOptions);
  redis.on('error', (error) => log.warn({ part: 'redis', fault: describeFault(error) }, 'redis connection fault'));
  return redis;
}

/** Looks at each new connection's server, which may be another one after a fail-over. */
export function watchRedis(redis: Redis, onEviction: () => void): void {
  const look = async () => {
    if ((await checkRedis(redis)) === 'evicts') onEviction();
  };
  redis.on('ready', () => void look());
  if (redis.status === 'ready') void look();
}

/**
 * Whether Redis answers and keeps what it is given: a policy that evicts would drop exactly our keys and counters,
 * because all of them have a TTL.
 */
export async function checkRedis(redis: Redis): Promise<'ok' | 'away' | 'evicts'> {
  try {
    const memory = await redis.info('memory');
    const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
    return policy === undefined || policy === 'noeviction' ? 'ok' : 'evicts';
  } catch {
    return 'away';
  }
}
