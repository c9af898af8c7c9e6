import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFolder } from '../../../src/package-files.js';

/** The patch: a file, the text after which to insert, and what to insert. */
const patch = [
  ['migrations/index.ts', /^import [^\n]*\n/, `import { LastReset } from './20990101-last-reset.js';\n`],
  ['migrations/index.ts', /export const migrations = \[[^\]]*?(?=,?\s*\])/, ', LastReset'],
  [
    'src/accounts/account.entity.ts',
    /createdAt: p\.datetime\(\)[^\n]*\n/,
    `    lastResetAt: p.datetime().columnType('timestamptz').nullable(),\n`,
  ],
  ['src/accounts/accounts.ts', /\n {2}'createdAt',\n/, `  'lastResetAt',\n`],
  [
    'src/accounts/accounts.ts',
    /\n {6}passwordHash,\n(?= {6}credentialVersion: raw)/,
    `      lastResetAt: raw('now()'),\n`,
  ],
] as const;

/**
 * Makes a next version of the program: this tree, patched and built, with a migration and code that writes its column.
 *
 * @returns its folder, to be removed by the caller, and its program.
 */
export async function buildNextVersion(): Promise<{ folder: string; program: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-next-'));
  for (const each of ['src', 'migrations', 'schema', 'dist', 'package.json', 'tsconfig.json']) {
    await cp(join(packageFolder, each), join(folder, each), { recursive: true });
  }
  await symlink(join(packageFolder, 'node_modules'), join(folder, 'node_modules'));
  const migration = '20990101-last-reset.ts';
  await cp(join(packageFolder, 'test/processes/next-version', migration), join(folder, 'migrations', migration));
  for (const [name, anchor, added] of patch) {
    const file = join(folder, name);
    const text = await readFile(file, 'utf8');
    const patched = text.replace(anchor, (found) => found + added);
    if (patched === text) throw new Error(`the patch does not fit ${name} any more`);
    await writeFile(file, patched);
  }
  const compiler = join(packageFolder, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', join(folder, 'src/tsconfig.json')]);
  await promisify(execFile)(process.execPath, [join(folder, 'dist/src/build/bundle.js')]);
  return { folder, program: join(folder, 'dist/latchkey.js') };
}
