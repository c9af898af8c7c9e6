import type { Cluster, Redis } from 'ioredis';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { watchRedis } from '../stores/redis/health.js';

/** Raises an alarm if Redis may evict reset keys, budgets and limits when it is full. */
export function watchEviction(redis: Redis | Cluster, log: Log, metrics: Metrics): void {
  watchRedis(redis, (policy) => {
    if (policy === 'unknown') {
      const message = 'whether Redis may evict keys is unknown: its user may not ask (INFO); see that it may not';
      return log.warn({ part: 'redis', reason: 'redis-policy-unknown' }, message);
    }
    metrics.alarm('redis-evicts');
    log.error(
      { part: 'redis', reason: 'redis-evicts' },
      'ALARM: Redis may evict keys; set maxmemory-policy noeviction',
    );
  });
}
