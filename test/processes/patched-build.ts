import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFolder } from '../../src/package-files.js';

/** A file, what to replace in it, and by what. */
export type Replacement = readonly [file: string, pattern: RegExp, by: (found: string) => string];

/**
 * Makes another version of the program: this tree, patched and built.
 *
 * @param added files to copy, from their place in this tree to their place in that one.
 * @returns its folder, to be removed by the caller, and its program.
 * @throws Error when the patch does not fit any more.
 */
export async function buildPatched(
  name: string,
  patch: readonly Replacement[],
  added: Readonly<Record<string, string>> = {},
): Promise<{ folder: string; program: string }> {
  const folder = await mkdtemp(join(tmpdir(), `latchkey-${name}-`));
  for (const each of ['src', 'migrations', 'schema', 'dist', 'package.json', 'tsconfig.json']) {
    await cp(join(packageFolder, each), join(folder, each), { recursive: true });
  }
  await symlink(join(packageFolder, 'node_modules'), join(folder, 'node_modules'));
  for (const [from, to] of Object.entries(added)) await cp(join(packageFolder, from), join(folder, to));
  for (const [of, pattern, by] of patch) {
    const file = join(folder, of);
    const text = await readFile(file, 'utf8');
    const patched = text.replace(pattern, by);
    if (patched === text) throw new Error(`the patch does not fit ${of} any more`);
    await writeFile(file, patched);
  }
  const compiler = join(packageFolder, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', join(folder, 'src/tsconfig.json')]);
  await promisify(execFile)(process.execPath, [join(folder, 'dist/src/build/bundle.js')]);
  return { folder, program: join(folder, 'dist/latchkey.js') };
}
