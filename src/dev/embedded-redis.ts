import { randomBytes } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import { importDevelopmentDependency } from './development-dependency.js';
import { onFreePort, PrivateServer } from './private-server.js';
import { commandLine, type StopStep, stopProcess } from './processes.js';

export interface EmbeddedRedis {
  /** The URL of the server, with the password; undefined for the stand-in. */
  readonly url: string | undefined;
  /** Makes clients of the in-process stand-in (ioredis-mock), which share one store; undefined if a server runs. */
  readonly connect: (() => Redis) | undefined;
  /** One line: which Redis it is, and whether its data is kept. */
  readonly description: string;
  /** Stops the server within 15 s, usually in 0.1 s; the stand-in forgets everything. May be called again. */
  stop(): Promise<void>;
}

export interface EmbeddedRedisOptions {
  /** For the data, the configuration and the server's log; one caller at a time (see `DevFolder`). */
  readonly folder: string;
  /** `none` takes the stand-in even if there is a server on PATH. */
  readonly search?: 'path' | 'none';
}

/** On SIGTERM Redis saves its data and ends. */
const stopSteps: readonly StopStep[] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

/**
 * Starts a private redis-server or valkey-server from PATH on a free port of 127.0.0.1; its data is written to `folder`
 * every second. If there is none on PATH, makes a stand-in in this process.
 *
 * @throws Error with the last lines of the server's log and what to do
 */
export async function startEmbeddedRedis({ folder, search = 'path' }: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const program = search === 'path' ? findRedisServer() : undefined;
  if (!program) return startStandIn();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const home = await realpath(folder);
  await stopLeftover(home);
  return onFreePort((port) => startServer(program, home, port));
}

/** Path of redis-server or valkey-server on PATH, or undefined. */
export function findRedisServer(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return ['redis-server', 'valkey-server']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => isProgram(path));
}

async function startServer(program: string, folder: string, port: number): Promise<EmbeddedRedis> {
  const password = randomBytes(24).toString('base64url');
  const configuration = join(folder, 'redis.conf');
  // A new file each time, so that it gets this mode even if an old file had another.
  await writeFile(`${configuration}.new`, configurationText(folder, port, password), { mode: 0o600 });
  await rename(`${configuration}.new`, configuration);
  const server = await PrivateServer.spawn({
    name: 'Redis',
    command: program,
    args: [configuration],
    cwd: folder,
    logFile: join(folder, 'redis.log'),
    stopSteps,
    wayOut: `If its data may go, remove the folder ${folder} and start again; or set REDIS_URL to a server of your own.`,
  });
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const version = await server.untilReady(() => askVersion(url), { timeoutMs: 30_000 });
  return {
    url,
    connect: undefined,
    description: `${version}, data kept in ${folder}`,
    stop: () => server.stop(),
  };
}

function configurationText(folder: string, port: number, password: string): string {
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${quoted(folder)}`,
    `pidfile ${quoted(join(folder, 'redis.pid'))}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    // Keys with a meaning (reset keys, counters) must not be dropped to make room.
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

async function askVersion(url: string): Promise<string> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  try {
    await client.connect();
    const info = await client.info('server');
    const version = (name: string) => new RegExp(`^${name}_version:(\\S+)`, 'm').exec(info)?.[1];
    const valkey = version('valkey');
    return valkey ? `valkey-server ${valkey}` : `redis-server ${version('redis')}`;
  } finally {
    client.disconnect();
  }
}

/** Stops a server that still runs in this folder because the process that started it was killed. */
async function stopLeftover(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, 'redis.pid'), 'utf8').catch(() => ''));
  if (!(pid > 0)) return;
  const configuration = await readFile(join(folder, 'redis.conf'), 'utf8').catch(() => '');
  const port = /^port (\d+)$/m.exec(configuration)?.[1];
  // The process id may belong to another program now, so its command line is checked. Redis replaces its arguments by
  // its address.
  const command = await commandLine(pid);
  if (!command || !/(redis|valkey)-server /.test(command)) return;
  if (command.includes(`127.0.0.1:${port}`) || command.includes(join(folder, 'redis.conf'))) {
    await stopProcess(pid, stopSteps);
  }
}

let standIns = 0;

async function startStandIn(): Promise<EmbeddedRedis> {
  const { default: RedisMock } = await importDevelopmentDependency(
    'ioredis-mock',
    'REDIS_URL',
    () => import('ioredis-mock'),
  );
  standIns += 1;
  // Clients of one host and port share a store.
  const host = `stand-in-${standIns}`;
  const connect = (): Redis => new RedisMock({ host });
  return {
    url: undefined,
    connect,
    description:
      'in-process stand-in (ioredis-mock): keys and counters are forgotten at stop; ' +
      'install redis-server or valkey-server to keep them',
    stop: async () => {
      const client = connect();
      await client.flushall();
      client.disconnect();
    },
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
