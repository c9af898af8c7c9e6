import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { findRedisServer } from '../../src/dev/embedded-redis.js';
import { startEmbeddedPostgres } from '../../src/dev/postgres/embedded-postgres.js';
import { freePort } from '../support/free-port.js';

/** A PostgreSQL server that can be killed, stopped and started again on its data. */
export class PostgresServer {
  #running: { url: string; stop: () => Promise<void> } | undefined;
  #pool: pg.Pool | undefined;
  #data = '';

  private constructor(private readonly folder: string) {}

  static async start(folder: string): Promise<PostgresServer> {
    await mkdir(folder, { recursive: true });
    // As root, PostgreSQL runs as another user, who has to pass through.
    await chmod(folder, 0o711);
    const server = new PostgresServer(folder);
    await server.start();
    const rows = await server.query<{ data_directory: string }>('show data_directory');
    server.#data = rows[0]?.data_directory ?? '';
    return server;
  }

  get url(): string {
    if (!this.#running) throw new Error('PostgreSQL is not running');
    return this.#running.url;
  }

  /** On a connection of the rig's own, past every proxy. */
  async query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> {
    if (!this.#pool) throw new Error('PostgreSQL is not running');
    return (await this.#pool.query<Row>(sql, values)).rows;
  }

  /** Takes a lock for so long, as a careless session would. */
  async lock(sql: string, ms: number): Promise<void> {
    const client = new pg.Client({ connectionString: this.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('begin');
    await client.query(sql);
    await sleep(ms);
    await client.end();
  }

  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const flags = ['-c', 'max_connections=200', '-c', 'shared_buffers=64MB'];
        this.#running = await startEmbeddedPostgres({ folder: this.folder, postgresFlags: flags });
        break;
      } catch (error) {
        // After a kill -9 the last of its processes may still hold the data for a moment.
        if (attempt === 20) throw error;
        await sleep(200);
      }
    }
    this.#pool = new pg.Pool({ connectionString: this.url, max: 4 });
    this.#pool.on('error', () => undefined);
  }

  /** A fast shutdown, which ends every session. */
  async stop(): Promise<void> {
    await this.#pool?.end().catch(() => undefined);
    this.#pool = undefined;
    await this.#running?.stop();
  }

  async kill(): Promise<void> {
    process.kill(await this.#postmaster(), 'SIGKILL');
    await this.stop();
  }

  /** Every process of the server stands still until it is told to go on. */
  async signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const postmaster = await this.#postmaster();
    for (const pid of [postmaster, ...(await childrenOf(postmaster))]) {
      try {
        process.kill(pid, signal);
      } catch {
        // A session that ended meanwhile.
      }
    }
  }

  async #postmaster(): Promise<number> {
    return Number((await readFile(join(this.#data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) children.push(Number(name));
  }
  return children;
}

/** A Redis server that writes every command to its file before it answers, and can be killed and started again. */
export class RedisServer {
  #child: ChildProcess | undefined;

  private constructor(
    readonly folder: string,
    private readonly port: number,
    readonly client: Redis,
  ) {}

  static async start(folder: string): Promise<RedisServer> {
    await mkdir(folder, { recursive: true });
    const port = await freePort();
    const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: 1, commandTimeout: 2_000 });
    client.on('error', () => undefined);
    const server = new RedisServer(folder, port, client);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const program = findRedisServer();
    if (!program) throw new Error('needs redis-server or valkey-server on PATH');
    const settings = {
      port: this.port,
      bind: '127.0.0.1',
      dir: this.folder,
      appendonly: 'yes',
      appendfsync: 'always',
      save: '',
      'maxmemory-policy': 'noeviction',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(join(this.folder, 'redis.log'), { flags: 'a' });
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
    while ((await this.client.ping().catch(() => '')) !== 'PONG') await sleep(50);
  }

  async kill(): Promise<void> {
    const ended = this.#child && once(this.#child, 'exit');
    this.#child?.kill('SIGKILL');
    await ended;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.kill();
  }
}
