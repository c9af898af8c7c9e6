import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer, startEmbeddedRedis } from '../src/dev/embedded-redis.js';
import { startEmbeddedPostgres } from '../src/dev/postgres/embedded-postgres.js';
import { main } from '../test/support/processes.js';
import { Child } from './child.js';
import type { LoadTasks } from './load.js';
import type { Options } from './options.js';
import { cpuSeconds, cpuSecondsOfFamily, parentOf } from './process-figures.js';
import type { Cpu } from './rows.js';
import type { SinkTasks } from './sink.js';
import { Site, type SiteOptions, type StoreUrls } from './site.js';

/** Everything around the servers that are compared: stores, relay, load. */
export interface Stage {
  /** This build, with accounts. */
  readonly ours: Site;
  /** Of a database in which nothing is, the Redis and the relay. */
  readonly urls: StoreUrls;
  readonly redis: Redis;
  readonly sink: Child<SinkTasks>;
  readonly load: Child<LoadTasks>;
  /** The versions of the stores, as text. */
  readonly versions: string;
  /** Another site on the same stores; it is closed with the stage. */
  open(options: Omit<SiteOptions, 'keepsServers'>): Promise<Site>;
  /** Seconds of CPU used so far by the stores, and by these processes. */
  cpu(processes: { readonly server?: number; readonly worker?: number }): Cpu;
  /** Ends a process with the stage. */
  closeWith(step: () => Promise<unknown>): void;
  close(): Promise<void>;
}

/** Starts everything that the measurements need. @throws Error that says what to do when there is no Redis server. */
export async function setStage({ accounts, isSmoke }: Options): Promise<Stage> {
  if (!findRedisServer()) {
    throw new Error('needs redis-server or valkey-server on PATH: the in-process stand-in would measure itself');
  }
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const closeWith = (step: () => Promise<unknown>) => void closing.push(step);
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
    closeWith(() => postgres.stop());
    const embedded = await startEmbeddedRedis({ folder: join(folder, 'redis') });
    closeWith(() => embedded.stop());
    const sink = Child.start<SinkTasks>('sink');
    closeWith(() => sink.stop());
    const load = Child.start<LoadTasks>('load');
    closeWith(() => load.stop());
    const redis = new Redis(embedded.url ?? '');
    closeWith(async () => redis.disconnect());

    const smtp = `smtp://127.0.0.1:${await sink.call('listen', {})}`;
    const urls = { database: postgres.url, redis: embedded.url ?? '', smtp };
    const open: Stage['open'] = async (options) => {
      const site = await Site.open(urls, redis, { ...options, keepsServers: isSmoke });
      closeWith(() => site.close());
      return site;
    };
    const ours = await open({ name: 'ours', program: main, accounts });
    const { rows } = await ours.database.query<{ pid: number }>('select pg_backend_pid() as pid');
    const postmaster = parentOf(rows[0]?.pid ?? Number.NaN);
    const redisPid = Number(/^process_id:(\d+)/m.exec(await redis.info('server'))?.[1]);
    const cpu: Stage['cpu'] = ({ server, worker }) => ({
      ...(server === undefined ? {} : { server: cpuSeconds(server) }),
      ...(worker === undefined ? {} : { worker: cpuSeconds(worker) }),
      PostgreSQL: cpuSecondsOfFamily(postmaster),
      Redis: cpuSeconds(redisPid),
    });
    const versions = `${withoutPlace(postgres.description)}, ${withoutPlace(embedded.description)}`;
    return { ours, urls, redis, sink, load, versions, open, cpu, closeWith, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** CPU milliseconds for each of `units` between two looks. */
export function cpuPer(units: number, before: Cpu, after: Cpu): Cpu {
  const each = (Object.keys(after) as (keyof Cpu)[]).map((process) => {
    return [process, (((after[process] ?? 0) - (before[process] ?? 0)) * 1000) / units] as const;
  });
  return Object.fromEntries(each);
}

function withoutPlace(description: string): string {
  return description.split(',')[0] ?? description;
}
