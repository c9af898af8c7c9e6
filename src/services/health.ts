import type { MikroORM } from '@mikro-orm/postgresql';
import type { Cluster, Redis } from 'ioredis';
import { sharedWithin } from '../calls/deadline.js';
import type { Health, PartHealth } from '../http/operations.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { DataKey, DataKeyState } from '../secrets/data-key.js';
import { checkDatabase, type DatabaseHealth, type DatabaseRight } from '../stores/postgres/health.js';
import { RedisCheck } from '../stores/redis/health.js';
import type { AccountsCheck } from './accounts-check.js';
import { healthPatience } from './health-patience.js';

/**
 * The health of a process. Without PostgreSQL it is not ready, because it can accept nothing; without Redis it is
 * degraded but ready, because it still accepts reset requests. A process that was told to end is not ready while it
 * still listens, so that balancers send their calls elsewhere.
 */
export class HealthCheck {
  readonly #askDatabase: () => Promise<DatabaseHealth>;
  readonly #redis: RedisCheck;
  #asking: Promise<Health> | undefined;
  #isEnding = false;

  constructor(
    private readonly stores: {
      orm: MikroORM;
      redis: Redis | Cluster;
      jobs: JobQueue;
      dataKey: DataKey;
      accountsCheck: AccountsCheck;
      lines: Health['lines'];
      /** How our names in Redis begin. */
      families: readonly string[];
      /** What this process needs of PostgreSQL. */
      rights: readonly DatabaseRight[];
    },
  ) {
    this.#redis = new RedisCheck(stores.redis, stores.families);
    this.#askDatabase = sharedWithin(
      healthPatience,
      () => checkDatabase(stores.orm, stores.rights),
      () => 'away',
    );
  }

  /** Calls at the same time share one check, so that health requests cannot flood the stores. Never rejects. */
  check(): Promise<Health> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** From now on the process is not ready. */
  end(): void {
    this.#isEnding = true;
  }

  async #ask(): Promise<Health> {
    const { accountsCheck, jobs, dataKey, lines } = this.stores;
    const asking = [this.#askDatabase(), this.#redis.check(), accountsCheck.health()] as const;
    const [postgres, redis, accounts] = await Promise.all(asking);
    // Listed only while the key is not usable, as `process` is only while the process ends.
    const key: Record<string, DataKeyState> = dataKey.state === 'ok' ? {} : { 'data-key': dataKey.state };
    const adopted: Record<string, PartHealth> = accounts ? { accounts } : {};
    const parts = {
      postgres,
      redis,
      jobs: jobs.started ? 'ok' : 'starting',
      ...key,
      ...adopted,
    } as const;
    if (this.#isEnding) return { status: 'degraded', ready: false, parts: { ...parts, process: 'ending' }, lines };
    const ready = postgres === 'ok' && jobs.started && dataKey.state === 'ok';
    const isWhole = ready && redis === 'ok' && (accounts ?? 'ok') === 'ok';
    return { status: isWhole ? 'ok' : 'degraded', ready, parts, lines };
  }
}
