import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { findRedisServer } from '../../src/dev/embedded-redis.js';
import { eventually } from './eventually.js';
import { freePorts } from './free-port.js';

export const redisPassword = 'the-password-of-the-servers';

/** A redis-server that can be killed, frozen and started again, on the same port, with the same data. */
export class Server {
  #child: ChildProcess | undefined;
  /** The test's own connection, which reconnects every 50 ms and whose errors do not fail the test. */
  readonly client: Redis;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly flags: readonly string[],
    credentials: { password?: string },
    private readonly env: NodeJS.ProcessEnv,
    client: RedisOptions,
  ) {
    const patient = { lazyConnect: true, retryStrategy: () => 50, socketTimeout: 3_000 };
    this.client = new Redis({ port, ...credentials, ...patient, ...client });
    this.client.on('error', () => undefined);
  }

  /**
   * @param configuration lines of redis.conf.
   * @param env environment variables of the server, in addition to those of this process.
   * @param client options of the test's own connection.
   */
  static async start(
    port: number,
    folder: string,
    configuration: readonly string[],
    flags: readonly string[] = [],
    { env = {}, client = {} }: { env?: NodeJS.ProcessEnv; client?: RedisOptions } = {},
  ) {
    const lines = ['bind 127.0.0.1', `port ${port}`, `dir ${folder}`, `logfile ${join(folder, `${port}.log`)}`];
    const file = join(folder, `${port}.conf`);
    await writeFile(file, [...lines, ...configuration, ''].join('\n'));
    const credentials = flags.includes('--sentinel') ? {} : { password: redisPassword };
    const server = new Server(port, folder, [file, ...flags], credentials, env, client);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://:${redisPassword}@127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const env = { ...process.env, ...this.env };
    const child = spawn(findRedisServer() ?? '', this.flags, { cwd: this.folder, stdio: 'ignore', env });
    this.#child = child;
    // The server must not outlive an interrupted run.
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    await eventually(
      () => this.client.ping().catch((error: Error) => error.message),
      (answer) => answer === 'PONG',
      20_000,
    );
  }

  /** Kills the server and waits for its exit. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const end = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL') child.kill('SIGCONT');
    await end;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** The path of the file that holds all writes since the last rewrite, in their order. */
  async appendOnlyFile(): Promise<string> {
    const folder = join(this.folder, 'appendonlydir');
    const manifest = await readFile(join(folder, 'appendonly.aof.manifest'), 'utf8');
    return join(folder, [...manifest.matchAll(/^file (\S+) .*type i/gm)].at(-1)?.[1] ?? '');
  }

  /** Deletes the data on disk. */
  async empty(): Promise<void> {
    await rm(join(this.folder, 'appendonlydir'), { recursive: true, force: true });
    await rm(join(this.folder, 'dump.rdb'), { force: true });
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.kill();
  }
}

export interface Started {
  /** The value for `REDIS_URL`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Lines of redis.conf for every server that holds data. */
export const common = [
  `requirepass ${redisPassword}`,
  'save ""',
  'maxmemory-policy noeviction',
  'repl-diskless-sync-delay 0',
];

/** Starts servers in a new folder; `stop` ends them and removes the folder. */
export async function within<T extends object>(start: (folder: string) => Promise<{ servers: Server[] } & T>) {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-'));
  const started = await start(folder);
  const stop = async () => {
    await Promise.all(started.servers.map((each) => each.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  return { ...started, stop };
}

/** @param configuration lines of redis.conf. */
export function startSingle(...configuration: string[]): Promise<Started & { server: Server }> {
  return startSingleIn({}, ...configuration);
}

/** Like `startSingle`, with additional environment variables. */
export async function startSingleIn(
  env: NodeJS.ProcessEnv,
  ...configuration: string[]
): Promise<Started & { server: Server }> {
  return within(async (folder) => {
    const [port = 0] = await freePorts(1);
    const server = await Server.start(port, folder, [...common, ...configuration], [], { env });
    return { servers: [server], server, url: server.url };
  });
}
