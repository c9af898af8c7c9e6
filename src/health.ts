import type { MikroORM } from '@mikro-orm/postgresql';
import type { Redis } from 'ioredis';
import { sharedWithin } from './availability.js';
import { databaseAnswers } from './database.js';
import type { Health } from './http/operations.js';
import type { JobQueue } from './jobs/job-queue.js';
import { checkRedis } from './redis.js';

/** Milliseconds: who asks for health gives up after a few seconds, and a stalled store would take longer than that. */
export const healthPatience = 2_000;

/** Without PostgreSQL nothing can be accepted; without Redis requests still are, so the process stays in service. */
export function createHealth(stores: { orm: MikroORM; redis: Redis; jobs: JobQueue }): () => Promise<Health> {
  const askDatabase = sharedWithin(
    healthPatience,
    () => databaseAnswers(stores.orm),
    () => false,
  );
  return async () => {
    const [postgres, redis] = await Promise.all([askDatabase(), checkRedis(stores.redis)]);
    const parts = {
      postgres: postgres ? 'ok' : 'away',
      redis,
      jobs: stores.jobs.started ? 'ok' : 'starting',
    } as const;
    const ready = postgres && stores.jobs.started;
    return { status: ready && redis === 'ok' ? 'ok' : 'degraded', ready, parts };
  };
}
