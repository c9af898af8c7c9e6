import type { MikroORM } from '@mikro-orm/postgresql';
import type { Cluster, Redis } from 'ioredis';
import { databaseAnswers } from './database.js';
import type { Health } from './http/operations.js';
import type { JobQueue } from './jobs/job-queue.js';
import { checkRedis } from './redis-health.js';

/** Without PostgreSQL nothing can be accepted; without Redis requests still are, so the process stays in service. */
export async function checkHealth(stores: { orm: MikroORM; redis: Redis | Cluster; jobs: JobQueue }): Promise<Health> {
  const [postgres, redis] = await Promise.all([databaseAnswers(stores.orm), checkRedis(stores.redis)]);
  const parts = {
    postgres: postgres ? 'ok' : 'away',
    redis,
    jobs: stores.jobs.started ? 'ok' : 'starting',
  } as const;
  const ready = postgres && stores.jobs.started;
  return { status: ready && redis === 'ok' ? 'ok' : 'degraded', ready, parts };
}
