import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A user of this machine as whom a server can run. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The existing users, out of `postgres` and `nobody`, as whom root may start PostgreSQL; the preferred one first. */
export async function unprivilegedUsers(passwd = '/etc/passwd'): Promise<ServerUser[]> {
  const lines = (await readFile(passwd, 'utf8')).split('\n').map((line) => line.split(':'));
  return ['postgres', 'nobody'].flatMap((name) => {
    const line = lines.find(([each]) => each === name);
    const [uid, gid] = [Number(line?.[2]), Number(line?.[3])];
    return uid > 0 && gid > 0 ? [{ name, uid, gid }] : [];
  });
}

/**
 * The first folder on the way to `path` (itself included) that the user cannot enter, by its permission bits; undefined
 * if none.
 */
export async function closedFolder(path: string, user: ServerUser): Promise<string | undefined> {
  const parent = dirname(path);
  const above = parent === path ? undefined : await closedFolder(parent, user);
  return above ?? (allows(await stat(path), user, 0o1) ? undefined : path);
}

/** Whether the user can read every file below `folder`, and run those in folders called `bin`. */
export async function canReadTree(folder: string, user: ServerUser): Promise<boolean> {
  if (!allows(await stat(folder), user, 0o5)) return false;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !(await canReadTree(path, user))) return false;
    if (entry.isFile() && !allows(await lstat(path), user, folder.endsWith('/bin') ? 0o5 : 0o4)) return false;
  }
  return true;
}

/** Only the bits of one class count: an owner without a permission does not get it from the bits for others. */
function allows(file: { mode: number; uid: number; gid: number }, user: ServerUser, bits: number): boolean {
  const shift = file.uid === user.uid ? 6 : file.gid === user.gid ? 3 : 0;
  return ((file.mode >> shift) & bits) === bits;
}
