import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownRecord } from '../../src/password-reset/keys/own-record.js';
import type { RecordForm } from '../../src/password-reset/keys/record-form.js';
import { digestOf, type KeyDigest, parseResetKey } from '../../src/password-reset/keys/reset-key.js';
import { shapedRecord } from '../../src/password-reset/keys/shaped-record.js';
import { freePort } from '../support/free-port.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { newSecrets, withoutLimits } from '../support/production-settings.js';
import { Cycle } from '../support/random.js';
import { common, Server } from '../support/redis-servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type Home, settingsOf, shapeName, tablesOf } from './app/tables.js';
import { apiPoints, workerPoints } from './fault-points.js';
import { type Environment, ServerProcess, type Ways } from './processes.js';
import { type EventReceiver, settingsOfEvents, startReceivers } from './receivers.js';
import { Recording, type Taken } from './recording.js';
import { type Relay, startRelay } from './relay.js';

/**
 * Two APIs, two workers, their stores and the relay. Each process reaches each of them through a proxy of its own. Two
 * receivers of events, each behind a proxy of its own.
 */
export interface Stage {
  readonly folder: string;
  readonly home: Home;
  readonly recording: Recording;
  readonly postgres: OwnPostgres;
  readonly redis: Server;
  readonly relay: Relay;
  readonly receivers: readonly EventReceiver[];
  readonly apis: readonly ServerProcess[];
  readonly workers: readonly ServerProcess[];
  readonly processes: readonly ServerProcess[];
  /** The points at which processes are broken, in turn. */
  readonly points: { readonly api: Cycle<string>; readonly worker: Cycle<string> };
  /** @param keep leaves the folder with the logs. */
  close(keep?: boolean): Promise<void>;
}

export const argon2 = { memoryKib: 19_456, timeCost: 2 } as const;

/** Seconds that a key lives: what `RESET_KEY_TTL` is by default. */
const keyLifetime = 3_600;

export async function setStage(home: Home, where: readonly string[] = apiPoints): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-faults-'));
  await chmod(folder, 0o711);
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (keep = false) => {
    for (const step of closing.splice(0).reverse()) await step().catch(() => undefined);
    if (!keep) await rm(folder, { recursive: true, force: true });
  };
  try {
    const recording = new Recording();
    const [postgres, redis] = await Promise.all([startPostgres(folder), startRedis(folder)]);
    closing.push(
      () => postgres.drop(),
      () => redis.stop(),
    );
    if (home !== 'own') await postgres.query(tablesOf(home));
    const receivers = await startReceivers(recording);
    closing.push(() => Promise.all(receivers.map((each) => each.stop())));
    const environment = { ...environmentOf(home), ...settingsOfEvents(receivers) };
    const { SECRET: secret = '' } = environment;
    const form = home === 'own' ? ownRecord([secret]) : shapedRecord([secret], shapeName);
    const workers: ServerProcess[] = [];
    const relay = await startRelay({
      recording,
      recordOf: (key) => recordOf(redis, form, key),
      lineOf: (port) => {
        for (const { name, ways } of workers) {
          const line = ways.relay.lineOf(port);
          if (line) return { worker: name, hurt: line.hurtAt !== undefined };
        }
        return { worker: 'unknown', hurt: true };
      },
    });
    closing.push(() => relay.stop());

    const start = async (name: string, role: 'api' | 'worker') => {
      const ways: Ways = {
        postgres: await TcpProxy.to(postgres.url),
        redis: await TcpProxy.to(redis.url, (bytes) => watch(bytes, recording)),
        relay: await TcpProxy.to(relay.url),
      };
      const urls = {
        DATABASE_URL: ways.postgres.through(postgres.url),
        REDIS_URL: ways.redis.through(redis.url),
        SMTP_URL: ways.relay.through(relay.url),
      };
      const file = fileURLToPath(new URL('./server.js', import.meta.url));
      const server = new ServerProcess(name, role, ways, { ...environment, ...urls }, folder, file);
      closing.push(
        () => server.end('SIGKILL'),
        () => Promise.all(Object.values(ways).map((way) => way.shut())),
      );
      if (role === 'worker') workers.push(server);
      await server.start();
      return server;
    };
    const [one, two] = await Promise.all([
      start('api-1', 'api'),
      start('api-2', 'api'),
      start('worker-1', 'worker'),
      start('worker-2', 'worker'),
    ]);
    const apis = [one, two];
    const processes = [...apis, ...workers];
    const points = { api: new Cycle(where), worker: new Cycle<string>(workerPoints) };
    const stores = { postgres, redis, relay, receivers };
    return { folder, home, recording, ...stores, apis, workers, processes, points, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** With `fsync`, as in production, so that commits survive a kill; with connections enough for four processes. */
async function startPostgres(folder: string): Promise<OwnPostgres> {
  const durable = ['fsync=on', 'full_page_writes=on', 'max_wal_size=1GB', 'autovacuum=on', 'track_commit_timestamp=on'];
  const dataOn = join(folder, 'postgres');
  await mkdir(dataOn);
  return OwnPostgres.start({ dataOn, settings: [...durable, 'max_connections=200', 'shared_buffers=64MB'] });
}

/** With `appendfsync always`, so that every write is on disk before its answer. */
async function startRedis(folder: string): Promise<Server> {
  const files = join(folder, 'redis');
  await mkdir(files);
  const durable = [...common, 'appendonly yes', 'appendfsync always'];
  // While Redis is away, the relay notes `redis-away` for a mail instead of waiting.
  const client = { maxRetriesPerRequest: 1, commandTimeout: 2_000 };
  return Server.start(await freePort(), files, durable, [], { client });
}

/** Development settings, since there is no https. The limits are too high for clients on one address to meet. */
function environmentOf(home: Home): Environment {
  return {
    NODE_ENV: 'development',
    PORT: '0',
    OPS_PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    PUBLIC_URL: 'http://localhost:4000',
    SIGN_UP: 'open',
    ...newSecrets(),
    ...withoutLimits(),
    ...settingsOf(home),
  };
}

export function recordName(key: string): string {
  const parsed = parseResetKey(key);
  if (!parsed) throw new Error('not a key');
  return `reset:${digestOf(parsed).toString('base64url')}`;
}

async function recordOf(redis: Server, form: RecordForm, key: string): Promise<Taken['record']> {
  const digest = Buffer.from(recordName(key).slice('reset:'.length), 'base64url') as KeyDigest;
  try {
    const bytes = await redis.client.getBuffer(recordName(key));
    const record = bytes && form.read(digest, bytes);
    if (!record) return 'absent';
    return { version: record.credentialVersion, readAt: record.expiresAt.getTime() - keyLifetime * 1_000 };
  } catch {
    return 'redis-away';
  }
}

/** Counts each SET of a reset record on its way to Redis. Names are unique, so a second SET of a name is a resend. */
function watch(bytes: Buffer, { remembered }: Recording): void {
  const text = bytes.toString('latin1');
  if (!text.includes('reset:')) return;
  for (const [, name = ''] of text.matchAll(/\$3\r\nset\r\n\$49\r\n(reset:[A-Za-z0-9_-]{43})\r\n/gi)) {
    remembered.set(name, (remembered.get(name) ?? 0) + 1);
  }
}
