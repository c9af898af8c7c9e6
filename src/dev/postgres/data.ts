import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { bareEnvironment } from '../processes.js';
import type { PostgresLayout } from './layout.js';

/** The superuser of the embedded server. */
export const databaseUser = 'latchkey';

/**
 * Makes the data folder with initdb if there is none. It appears whole or not at all; the rest of an interrupted run is
 * removed.
 *
 * @throws Error if initdb fails, or if there is data of another major version, which this server cannot read
 */
export async function prepareData(layout: PostgresLayout, major: number, password: string): Promise<void> {
  const { base, data } = layout;
  for (const name of await readdir(base)) {
    if (name.startsWith('initdb-')) await rm(join(base, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (version === undefined) return makeData(layout, password);
  if (Number(version) === major) return;
  throw new Error(
    `The data in ${data} is of PostgreSQL ${version.trim()}, the installed one is ${major} and cannot read it. Remove ` +
      `the folder to start afresh, or start with the earlier packages (npm ci at the earlier commit), save it with ` +
      `pg_dump, and restore it afterwards; or set DATABASE_URL to a PostgreSQL ${version.trim()}.`,
  );
}

async function makeData(layout: PostgresLayout, password: string): Promise<void> {
  const { base, data, user } = layout;
  const unfinished = join(base, `initdb-${randomBytes(4).toString('hex')}`);
  const passwordFile = `${unfinished}.password`;
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (user) await chown(passwordFile, user.uid, user.gid);
    await initdb(layout, unfinished, passwordFile, 'C.UTF-8').catch((error: Error) => {
      if (!/locale/i.test(error.message)) throw error;
      return initdb(layout, unfinished, passwordFile, 'C');
    });
    await rm(data, { recursive: true, force: true });
    await rename(unfinished, data);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function initdb(layout: PostgresLayout, target: string, passwordFile: string, locale: string): Promise<void> {
  const { binaries, base, user } = layout;
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { mode: 0o700 });
  if (user) await chown(target, user.uid, user.gid);
  const program = join(binaries, 'bin', 'initdb');
  const options = [
    `--pgdata=${target}`,
    `--username=${databaseUser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    `--locale=${locale}`,
    '--no-instructions',
  ];
  await promisify(execFile)(program, options, {
    cwd: base,
    env: bareEnvironment(),
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  }).catch((error: Error & { stderr?: string }) => {
    throw new Error(
      `${basename(program)} failed: ${error.stderr?.trim() || error.message}. Set DATABASE_URL to do without it.`,
      { cause: error },
    );
  });
}
