import argon2 from 'argon2';
import type { Redis } from 'ioredis';
import pg from 'pg';
import type { Argon2Settings } from '../src/accounts/passwords/password-hash.js';
import { readSettings } from '../src/settings/settings.js';
import { runOn, withPath } from '../test/support/databases.js';
import { Latchkey } from '../test/support/processes.js';
import { floorSchema } from './floor-stores.js';
import { type Environment, productionEnvironment, Servers } from './latchkey.js';

export interface SiteOptions {
  /** The name of its database, which is made. */
  readonly name: string;
  /** The program: this build's, or another commit's. */
  readonly program: string;
  readonly accounts: number;
  /** Whether one API and one worker serve all measurements. */
  readonly keepsServers: boolean;
}
export interface StoreUrls {
  readonly database: string;
  readonly redis: string;
  readonly smtp: string;
}

/** A Latchkey with a database and accounts of its own. Redis and the relay are the same for all. */
export class Site {
  private constructor(
    readonly name: string,
    readonly urls: StoreUrls,
    readonly environment: Environment,
    readonly database: pg.Pool,
    readonly servers: Servers,
    readonly accounts: number,
    private readonly redis: Redis,
  ) {}

  /** @param urls of a server's database, beside which the new one is made, and of what all sites have. */
  static async open(urls: StoreUrls, redis: Redis, options: SiteOptions): Promise<Site> {
    const { name, program, accounts, keepsServers } = options;
    const own = { ...urls, database: await makeDatabase(urls.database, name) };
    const environment = productionEnvironment(own);
    const migrated = await Latchkey.of(program, ['migrate'], { settings: environment }).ended;
    if (migrated.code !== 0) throw new Error(`latchkey migrate ended with ${migrated.code}: ${migrated.errors}`);
    await runOn(own.database, floorSchema);
    const database = new pg.Pool({ connectionString: own.database, max: 2, ...withPath });
    await seed(database, accounts, readSettings(environment, 'api').accounts.argon2);
    const servers = new Servers(program, environment, keepsServers);
    return new Site(name, own, environment, database, servers, accounts, redis);
  }

  /** Empties the jobs, the audit events and Redis, so that each measurement begins with the same data. */
  async clear(): Promise<void> {
    for (const table of ['job', 'audit_event', 'floor.job']) await truncate(this.database, table);
    await this.redis.flushall();
    await this.database.query('checkpoint');
  }

  async close(): Promise<void> {
    await this.servers.close();
    await this.database.end();
  }
}

export const knownAddress = (number: number) => `person-${String(number).padStart(8, '0')}@bench.example`;
export const unknownAddress = (number: number) => `nobody-${String(number).padStart(8, '0')}@bench.example`;
/** SQL that makes the address of `knownAddress` of a column `number`. */
export const addressInSql = `'person-' || lpad(number::text, 8, '0') || '@bench.example'`;

/** @returns the URL of a new, empty database on the same server. */
export async function makeDatabase(server: string, name: string): Promise<string> {
  await runOn(server, `create database ${name}`);
  return Object.assign(new URL(server), { pathname: `/${name}` }).href;
}

async function seed(database: pg.Pool, accounts: number, { memoryKib, timeCost }: Argon2Settings): Promise<void> {
  // Hashes of our own form, because foreign ones are verified in another lane.
  const options = { memoryCost: memoryKib, timeCost, parallelism: 1, hashLength: 32 };
  const hash = await argon2.hash('the password that all of them share', options);
  await database.query(
    `insert into account (id, email, password_hash, status)
     select gen_random_uuid(), ${addressInSql}, $1, 'active' from generate_series(0, $2::int - 1) as number`,
    [hash, accounts],
  );
  await database.query('vacuum analyze account');
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
