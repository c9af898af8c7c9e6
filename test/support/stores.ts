import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type EmbeddedRedis, findRedisServer, startEmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { makeDatabase } from './databases.js';
import type { TestDatabase } from './test-database.js';

export type { TestDatabase } from './test-database.js';

/** For `describe.skipIf` of tests that need a real Redis. */
export const hasRedisServer = findRedisServer() !== undefined;

/** Makes a new, migrated database. */
export function createDatabase(): Promise<TestDatabase> {
  return create(new URL(inject('templateUrl')).pathname.slice(1));
}

/** Makes a new database without a table. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create();
}

function create(template?: string): Promise<TestDatabase> {
  const urlOf = (name: string) => Object.assign(new URL(inject('templateUrl')), { pathname: `/${name}` }).href;
  return makeDatabase(urlOf, `test_${randomBytes(6).toString('hex')}`, template);
}

/** Starts a new Redis: a real server if one is installed, otherwise the stand-in. */
export async function createRedis(): Promise<EmbeddedRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-'));
  const redis = await startEmbeddedRedis({ folder });
  return {
    ...redis,
    url: redis.url,
    connect: redis.connect,
    description: redis.description,
    stop: async () => {
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
