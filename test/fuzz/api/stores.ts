import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedRedis } from '../../../src/dev/embedded-redis.js';
import { startEmbeddedPostgres } from '../../../src/dev/postgres/embedded-postgres.js';
import { Latchkey } from '../../support/processes.js';

/** A migrated database and a Redis that nothing else uses. */
export interface Stores {
  readonly database: string;
  readonly redis: string;
  stop(): Promise<unknown>;
}

/** Stores for the command; tests give those that they have. @throws Error where the database cannot be migrated. */
export async function ownStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-fuzz-'));
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), database: 'fuzz' });
  const redis = await startEmbeddedRedis({ folder: join(folder, 'redis') });
  if (!redis.url) throw new Error('a redis-server or valkey-server must be on the PATH');
  const stores = { database: postgres.url, redis: redis.url };
  const { code, errors } = await Latchkey.run(['migrate'], { DATABASE_URL: stores.database });
  if (code !== 0) throw new Error(errors);
  const stop = async () => {
    await redis.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...stores, stop };
}
