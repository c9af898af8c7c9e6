import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findPostgresBinaries } from '../../src/dev/postgres/binaries.js';
import { layOutPostgres, type PostgresLayout } from '../../src/dev/postgres/layout.js';
import { migrateUp } from '../../src/services/migrate.js';
import { withPath } from './databases.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import type { TestDatabase } from './test-database.js';

const run = promisify(execFile);

/** Options of a server. */
export interface ServerSetup {
  /** The folder for the data, instead of a new one among the temporary files. */
  readonly dataOn?: string;
  /** Lines of postgresql.conf: `name=value`. */
  readonly settings?: readonly string[];
  /** Files in the data folder, by name; for instance a `pg_hba.conf`, without which everybody is let in. */
  readonly files?: Readonly<Record<string, string>>;
  /** The parameters of the URL, with the question mark. */
  readonly parameters?: string;
  /** A folder with `bin` of another version of PostgreSQL. */
  readonly binaries?: string;
  /** Leaves the database empty. */
  readonly withoutMigrations?: boolean;
  /** Environment variables of the server, in addition to those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The test's own PostgreSQL, which can be stopped, killed, frozen and denied disk. Migrated; it keeps its port. */
export class OwnPostgres implements TestDatabase {
  readonly url: string;
  readonly #admin: pg.Pool;
  #server: ChildProcess | undefined;

  private constructor(
    private readonly layout: PostgresLayout,
    private readonly port: number,
    private readonly folder: string,
    private readonly setup: ServerSetup,
  ) {
    this.url = this.urlOf('latchkey');
    this.#admin = new pg.Pool({
      connectionString: this.url,
      ...withPath,
      max: 2,
      application_name: 'test',
      connectionTimeoutMillis: 3_000,
    });
    this.#admin.on('error', () => undefined);
    process.once('exit', this.#end);
  }

  static async start(setup: ServerSetup = {}): Promise<OwnPostgres> {
    const folder = setup.dataOn ?? (await mkdtemp(join(tmpdir(), 'latchkey-own-')));
    await chmod(folder, 0o711);
    const binaries = await findPostgresBinaries(setup.binaries);
    const layout = await layOutPostgres({ folder, binaries, systemFolder: '/var/lib/latchkey-dev' });
    const own = new OwnPostgres(layout, await freePort(), folder, setup);
    await mkdir(layout.data, { mode: 0o700 });
    if (layout.user) await chown(layout.data, layout.user.uid, layout.user.gid);
    const simple = ['--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
    // The smallest WAL segments, 1 MiB, so that little data fills a small disk.
    const options = ['-D', layout.data, '-U', 'latchkey', '--wal-segsize=1', ...simple];
    await run(join(layout.binaries, 'bin', 'initdb'), options, own.#asUser());
    for (const [name, text] of Object.entries(setup.files ?? {})) {
      const file = join(layout.data, name);
      await writeFile(file, text, { mode: 0o600 });
      if (layout.user) await chown(file, layout.user.uid, layout.user.gid);
    }
    await own.start();
    const client = new pg.Client({ connectionString: own.urlOf('postgres') });
    await client.connect();
    await client.query('create database latchkey');
    await client.end();
    if (!setup.withoutMigrations) await migrateUp(own.url);
    return own;
  }

  /** The URL of another database, or for another user. */
  urlOf(database: string, user = 'latchkey'): string {
    return `postgresql://${user}@127.0.0.1:${this.port}/${database}${this.setup.parameters ?? ''}`;
  }

  /** Resolves once the server answers. */
  async start(): Promise<void> {
    const flags = [
      'fsync=off',
      'full_page_writes=off',
      'max_connections=60',
      'shared_buffers=16MB',
      'unix_socket_directories=',
    ];
    const sizes = [
      'min_wal_size=2MB',
      'max_wal_size=4MB',
      'wal_recycle=off',
      'wal_init_zero=on',
      'autovacuum=off',
      'jit=off',
    ];
    const own = this.setup.settings ?? [];
    const settings = [`port=${this.port}`, 'listen_addresses=127.0.0.1', ...flags, ...sizes, ...own];
    const log = openSync(join(this.folder, 'postgres.log'), 'a');
    const args = ['-D', this.layout.data, ...settings.flatMap((each) => ['-c', each])];
    // Tried again: after a kill, a start fails while old processes still hold the shared memory.
    await eventually(
      async () => {
        if (this.isRunning) return this.answers();
        this.#server = spawn(join(this.layout.binaries, 'bin', 'postgres'), args, {
          ...this.#asUser(),
          env: { ...process.env, ...this.setup.env },
          stdio: ['ignore', log, log],
        });
        await once(this.#server, 'spawn');
        return this.answers();
      },
      (answers) => answers,
      30_000,
    );
  }

  get isRunning(): boolean {
    return this.#server !== undefined && this.#server.exitCode === null && this.#server.signalCode === null;
  }

  readonly #end = () => void this.#server?.kill('SIGQUIT');

  /** @param signal SIGINT is a fast shutdown, SIGQUIT an immediate one, SIGKILL a crash. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (!this.#server || !this.isRunning) return;
    const ended = once(this.#server, 'exit');
    this.#server.kill(signal);
    await ended;
  }

  /** Sends a signal to all processes of the server. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    await this.#toEach(async (pid) => void process.kill(pid, signal));
  }

  /** Limits the size of the files that the server may write. @param bytes or `unlimited`. */
  async limitFiles(bytes: string): Promise<void> {
    await this.#toEach(async (pid) => {
      await run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`], this.#asUser());
    });
  }

  /** The parent comes first: a child that is started later inherits the limit, or is not started any more. */
  async #toEach(act: (pid: number) => Promise<void>): Promise<void> {
    const parent = this.isRunning ? this.#server?.pid : undefined;
    if (parent === undefined) return;
    await act(parent);
    for (const name of await readdir('/proc')) {
      const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : '';
      const isChild = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      // The process may have ended meanwhile.
      if (isChild) await act(Number(name)).catch(() => undefined);
    }
  }

  async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.urlOf('postgres'), connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> {
    return (await this.#admin.query<Row>(sql, values)).rows;
  }

  /** What the server has written to its log. */
  log(): Promise<string> {
    return readFile(join(this.folder, 'postgres.log'), 'utf8');
  }

  /** Opens a new session, for locks and sleeps. */
  async session(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url, ...withPath, application_name: 'test' });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Per application_name: how many connections there are, and how many have idled in a transaction for over 1 s. */
  async connections(): Promise<Record<string, { count: number; idleInTransaction: number }>> {
    const rows = await this.query<{ name: string; count: number; idle: number }>(
      `select application_name as name, count(*)::int as count,
              count(*) filter (where state like 'idle in transaction%' and state_change < now() - interval '1 second')::int as idle
         from pg_stat_activity where backend_type = 'client backend' and application_name <> 'test' group by 1`,
    );
    return Object.fromEntries(rows.map(({ name, count, idle }) => [name, { count, idleInTransaction: idle }]));
  }

  async drop(): Promise<void> {
    await this.#admin.end();
    await this.stop('SIGQUIT');
    process.off('exit', this.#end);
    await rm(this.layout.data, { recursive: true, force: true, maxRetries: 5 });
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
  }

  #asUser() {
    const { base: cwd, user } = this.layout;
    return { cwd, ...(user ? { uid: user.uid, gid: user.gid } : {}) };
  }
}
