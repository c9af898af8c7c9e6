import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import argon2 from 'argon2';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Argon2Settings } from '../src/accounts/passwords/password-hash.js';
import { findRedisServer, startEmbeddedRedis } from '../src/dev/embedded-redis.js';
import { startEmbeddedPostgres } from '../src/dev/postgres/embedded-postgres.js';
import { readSettings } from '../src/settings/settings.js';
import { withPath } from '../test/support/databases.js';
import { Latchkey } from '../test/support/processes.js';
import { Child } from './child.js';
import { type Environment, productionEnvironment, Servers } from './latchkey.js';
import type { LoadTasks } from './load.js';
import type { Options } from './options.js';
import type { SinkTasks } from './sink.js';

/** Everything around the server: stores, relay, load, and accounts. */
export interface Stage {
  readonly environment: Environment;
  readonly urls: { readonly database: string; readonly redis: string; readonly smtp: string };
  readonly servers: Servers;
  readonly database: pg.Pool;
  readonly redis: Redis;
  readonly sink: Child<SinkTasks>;
  readonly load: Child<LoadTasks>;
  /** The versions of the stores, as text. */
  readonly versions: string;
  readonly accounts: number;
  /** Empties the jobs, the audit events and Redis, so that each measurement begins with the same data. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Starts everything that the measurements need. @throws Error that says what to do when there is no Redis server. */
export async function setStage({ accounts, isSmoke }: Options): Promise<Stage> {
  if (!findRedisServer()) {
    throw new Error('needs redis-server or valkey-server on PATH: the in-process stand-in would measure itself');
  }
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    // If root starts this, PostgreSQL runs as another user, who must be able to enter the folder.
    await chmod(folder, 0o711);
    const durable = isSmoke ? 'off' : 'on';
    const postgres = await startEmbeddedPostgres({
      folder,
      postgresFlags: ['-c', `fsync=${durable}`, '-c', `synchronous_commit=${durable}`],
    });
    closing.push(() => postgres.stop());
    const embedded = await startEmbeddedRedis({ folder: join(folder, 'redis') });
    closing.push(() => embedded.stop());
    const sink = Child.start<SinkTasks>('sink');
    closing.push(() => sink.stop());
    const load = Child.start<LoadTasks>('load');
    closing.push(() => load.stop());

    const smtp = `smtp://127.0.0.1:${await sink.call('listen', {})}`;
    const urls = { database: postgres.url, redis: embedded.url ?? '', smtp };
    const environment = productionEnvironment(urls);
    const migrated = await Latchkey.run(['migrate'], environment);
    if (migrated.code !== 0) throw new Error(`latchkey migrate ended with ${migrated.code}: ${migrated.errors}`);
    const database = new pg.Pool({ connectionString: urls.database, max: 2, ...withPath });
    closing.push(() => database.end());
    const redis = new Redis(urls.redis);
    closing.push(async () => redis.disconnect());
    const servers = new Servers(environment, isSmoke);
    closing.push(() => servers.close());
    await seed(database, accounts, readSettings(environment, 'api').accounts.argon2);
    const clear = async () => {
      await truncate(database, 'job');
      await truncate(database, 'audit_event');
      await redis.flushall();
      await database.query('checkpoint');
    };
    const versions = `${withoutPlace(postgres.description)}, ${withoutPlace(embedded.description)}`;
    return { environment, urls, servers, database, redis, sink, load, versions, accounts, clear, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export const knownAddress = (number: number) => `person-${String(number).padStart(7, '0')}@bench.example`;
export const unknownAddress = (number: number) => `nobody-${String(number).padStart(7, '0')}@bench.example`;

async function seed(database: pg.Pool, accounts: number, { memoryKib, timeCost }: Argon2Settings): Promise<void> {
  // Hashes of our own form, because foreign ones are verified in another lane.
  const options = { memoryCost: memoryKib, timeCost, parallelism: 1, hashLength: 32 };
  const hash = await argon2.hash('the password that all of them share', options);
  await database.query(
    `insert into account (id, email, password_hash, status)
     select gen_random_uuid(), 'person-' || lpad(number::text, 7, '0') || '@bench.example', $1, 'active'
       from generate_series(0, $2::int - 1) as number`,
    [hash, accounts],
  );
  await database.query('analyze account');
}

function withoutPlace(description: string): string {
  return description.split(',')[0] ?? description;
}

/** Repeats on a deadlock: a process that still settles its last jobs may hold rows that this statement needs. */
async function truncate(database: pg.Pool, table: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await database.query(`truncate ${table} cascade`);
      return;
    } catch (error) {
      const isDeadlock = (error as { code?: unknown }).code === '40P01';
      if (!isDeadlock || attempt === 5) throw error;
    }
  }
}
