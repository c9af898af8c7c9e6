import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unprivilegedUsers } from '../../src/dev/postgres/server-user.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';

/** Debian installs PgBouncer in /usr/sbin, which only root's PATH contains. */
const program = ['pgbouncer', '/usr/sbin/pgbouncer'].find((each) => spawnSync(each, ['--version']).status === 0);

/** For `describe.skipIf` of tests that need PgBouncer. */
export const hasPgBouncer = program !== undefined;

export interface Pooler {
  /** The URL of the same database, through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a PgBouncer before the server of this URL, with the defaults except for the pool mode. */
export async function startPgBouncer(databaseUrl: string, poolMode: 'session' | 'transaction'): Promise<Pooler> {
  const { hostname, port: target, username, password, pathname } = new URL(databaseUrl);
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-pgbouncer-'));
  const port = await freePort();
  const configuration = join(folder, 'pgbouncer.ini');
  const credentials = `user=${username}${password ? ` password=${password}` : ''}`;
  await writeFile(
    configuration,
    `[databases]
* = host=${hostname} port=${target} ${credentials}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${poolMode}
default_pool_size = 20
`,
  );
  // PgBouncer refuses to run as root.
  const [user] = process.getuid?.() === 0 ? await unprivilegedUsers() : [];
  await chmod(folder, 0o711);
  if (user) for (const each of [folder, configuration]) await chown(each, user.uid, user.gid);
  const options = user ? { uid: user.uid, gid: user.gid, cwd: folder } : { cwd: folder };
  const child: ChildProcess = spawn(program ?? '', [configuration], { ...options, stdio: 'ignore' });
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  await eventually(
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
        socket.on('connect', () => socket.destroy());
      }),
    (isOpen) => isOpen,
  );
  return {
    url: `postgresql://${username}@127.0.0.1:${port}${pathname}`,
    stop: async () => {
      const ended = once(child, 'exit');
      end();
      await ended;
      process.off('exit', end);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
