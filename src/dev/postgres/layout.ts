import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyBinaries, type PostgresBinaries } from './binaries.js';
import { stopLeftover } from './leftover.js';
import { canReadTree, closedFolder, type ServerUser, unprivilegedUsers } from './server-user.js';

/** Where binaries and data are, and as which user the server runs. */
export interface PostgresLayout {
  readonly binaries: string;
  /** Holds `data`; the server's user can enter it. */
  readonly base: string;
  readonly data: string;
  /** Undefined: the user of this process. */
  readonly user: ServerUser | undefined;
}

const noteName = 'data-location.txt';
const originName = 'folder.txt';

interface Wanted {
  readonly folder: string;
  readonly binaries: PostgresBinaries;
  /** For data and binaries that the server's user cannot reach otherwise. */
  readonly systemFolder: string;
}

/**
 * Chooses where data and binaries are. Usually data is kept in `folder`, and binaries stay where they are installed. If
 * root starts this, PostgreSQL has to run as another user, who may not be able to reach them; then they are kept in
 * `systemFolder`.
 *
 * @throws Error if existing data belongs to another user than the server's, or that user cannot reach it
 */
export async function layOutPostgres({ folder, binaries, systemFolder }: Wanted): Promise<PostgresLayout> {
  const startedByRoot = process.getuid?.() === 0;
  await mkdir(folder, { recursive: true, mode: startedByRoot ? 0o711 : 0o700 });
  const home = await realpath(folder);
  if (!startedByRoot) await refuseForeign(home, await ownerOf(home));
  const elsewhere = join(systemFolder, createHash('sha256').update(home).digest('hex').slice(0, 12));
  const noted = await readNote(home);
  if (noted !== undefined && noted !== elsewhere) {
    throw new Error(
      `${home} was moved or copied: its data is in ${noted}. Move it back, or remove it to start afresh.`,
    );
  }
  const owner = await ownerOf(join(noted ?? home, 'data'));
  const base = owner === undefined ? home : (noted ?? home);
  if (!startedByRoot) {
    await refuseForeign(join(base, 'data'), owner);
    return { binaries: binaries.folder, base, data: join(base, 'data'), user: undefined };
  }

  const user = await userFor(base, owner);
  const closed = await closedFolder(base, user);
  if (closed !== undefined && owner !== undefined) {
    throw new Error(
      `The data in ${base} is out of reach: ${user.name}, as whom PostgreSQL runs, cannot enter ${closed}. ` +
        `Make it so (chmod o+x ${closed}), or remove ${home} to start afresh.`,
    );
  }
  const chosen = closed === undefined ? base : elsewhere;
  if (chosen !== base) await makeElsewhere({ home, elsewhere, user });
  return {
    binaries: await reachableBinaries(binaries, user, systemFolder),
    base: chosen,
    data: join(chosen, 'data'),
    user,
  };
}

async function userFor(base: string, owner: number | undefined): Promise<ServerUser> {
  const users = await unprivilegedUsers();
  const user = owner === undefined ? users[0] : users.find(({ uid }) => uid === owner);
  if (user) return user;
  throw new Error(
    owner === undefined
      ? 'PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" to run it instead. ' +
          'Start as an ordinary user, or set DATABASE_URL.'
      : `${join(base, 'data')} belongs to the user with id ${owner}, but started by root PostgreSQL runs as ` +
          `${users.map(({ name, uid }) => `${name} (${uid})`).join(' or ')}. ` +
          'Start as the owner of the data, or remove the folder to start afresh, or set DATABASE_URL.',
  );
}

async function reachableBinaries(binaries: PostgresBinaries, user: ServerUser, systemFolder: string): Promise<string> {
  const { folder, version } = binaries;
  if ((await closedFolder(folder, user)) === undefined && (await canReadTree(folder, user))) return folder;
  await makeFolder(systemFolder, 0o755);
  const copy = join(systemFolder, `postgres-${version}`);
  await copyBinaries(folder, copy);
  return copy;
}

async function makeElsewhere(to: { home: string; elsewhere: string; user: ServerUser }): Promise<void> {
  const { home, elsewhere, user } = to;
  await removeAbandoned(dirname(elsewhere));
  await makeFolder(dirname(elsewhere), 0o755);
  await makeFolder(elsewhere, 0o711);
  // The note is written first, because data whose folder has no note counts as abandoned.
  await writeFile(
    join(home, noteName),
    `The PostgreSQL data of this folder is in\n${elsewhere}\nbecause the user ${user.name}, as whom PostgreSQL ` +
      'runs when root starts it, cannot enter this folder.\nWithout this file the next start removes that data.\n',
  );
  await writeFile(join(elsewhere, originName), `${home}\n`);
}

/** Removes data whose folder was deleted or made anew, because its password is gone. */
async function removeAbandoned(systemFolder: string): Promise<void> {
  for (const name of await readdir(systemFolder).catch(() => [])) {
    const kept = join(systemFolder, name);
    const origin = await readIfThere(join(kept, originName));
    if (origin === undefined || (await readIfThere(join(origin.trimEnd(), noteName))) !== undefined) continue;
    await stopLeftover(join(kept, 'data'));
    await rm(kept, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

async function readNote(home: string): Promise<string | undefined> {
  return (await readIfThere(join(home, noteName)))?.split('\n')[1];
}

async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function refuseForeign(path: string, owner: number | undefined): Promise<void> {
  const uid = process.getuid?.();
  if (uid === undefined || owner === undefined || owner === uid) return;
  throw new Error(
    `${path} belongs to the user with id ${owner}, not to you (${uid}): it was made by another user, or by root. ` +
      'Start as that user, or remove the folder (as that user) to start afresh, or set DATABASE_URL.',
  );
}

async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  // mkdir subtracts the umask.
  await chmod(path, mode);
}
