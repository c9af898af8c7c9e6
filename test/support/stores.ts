import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { type EmbeddedRedis, findRedisServer, startEmbeddedRedis } from '../../src/dev/embedded-redis.js';
import type { TestDatabase } from './test-database.js';

export type { TestDatabase } from './test-database.js';

/** For `describe.skipIf` of tests that need a real Redis. */
export const hasRedisServer = findRedisServer() !== undefined;

/** Makes a new, migrated database. */
export async function createDatabase(): Promise<TestDatabase> {
  const templateUrl = inject('templateUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = Object.assign(new URL(templateUrl), { pathname: `/${name}` }).href;
  const admin = async (sql: string) => {
    const client = new pg.Client({
      connectionString: Object.assign(new URL(templateUrl), { pathname: '/postgres' }).href,
    });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await admin(`create database ${name} template latchkey_template`);
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  return {
    url,
    query: async (sql, values) => (await pool.query(sql, values)).rows,
    drop: async () => {
      await pool.end();
      await admin(`drop database ${name} with (force)`);
    },
  };
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
