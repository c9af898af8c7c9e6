import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFolder } from '../../src/package-files.js';

const execute = promisify(execFile);
const folder = join(packageFolder, 'test/faults/mutants');

/** A patch that plants a fault in the sources, to test whether the checks see it. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** What is broken, in a sentence. */
  readonly about: string;
  /** Options of the run that catches it. */
  readonly options: readonly string[];
}

export async function mutants(): Promise<Mutant[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.patch')).sort();
  return Promise.all(
    files.map(async (name) => {
      const file = join(folder, name);
      const [about = '', run = ''] = (await readFile(file, 'utf8')).split('\n');
      return { name: name.replace(/\.patch$/, ''), file, about, options: run.replace(/^run: /, '').split(' ') };
    }),
  );
}

/** @throws Error when the patch does not apply to the sources as they are. */
export async function tryPatch({ file }: Mutant): Promise<void> {
  await execute('git', ['apply', '--check', file], { cwd: packageFolder });
}

/** A copy of the tree with the patch applied, compiled. @throws Error when the patch does not apply or compile. */
export async function plant({ file }: Mutant): Promise<{ tree: string; remove: () => Promise<void> }> {
  const tree = await mkdtemp(join(tmpdir(), 'latchkey-mutant-'));
  const remove = () => rm(tree, { recursive: true, force: true });
  try {
    for (const part of [
      'src',
      'schema',
      'migrations',
      'test/faults',
      'test/support',
      'package.json',
      'tsconfig.json',
    ]) {
      await cp(join(packageFolder, part), join(tree, part), { recursive: true });
    }
    await mkdir(join(tree, 'dist'));
    // What a package of ours holds is what a process needs.
    const { files } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { files: string[] };
    for (const part of files.filter((name) => name.startsWith('dist/'))) {
      await cp(join(packageFolder, part), join(tree, part), { recursive: true });
    }
    await symlink(join(packageFolder, 'node_modules'), join(tree, 'node_modules'));
    await execute('git', ['apply', file], { cwd: tree });
    const compiler = ['node_modules/typescript/bin/tsc', '-p', 'test/faults/tsconfig.json'];
    const lenient = ['--noUnusedLocals', 'false', '--noUnusedParameters', 'false'];
    await execute(process.execPath, [...compiler, ...lenient], { cwd: tree });
    return { tree, remove };
  } catch (error) {
    await remove();
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`the patch does not apply, or not compile: ${stdout}${stderr}`, { cause: error });
  }
}

/** Runs the rig on a planted fault. @returns the output, and which checks caught the fault, if any did. */
export async function hunt(tree: string, options: readonly string[]): Promise<{ output: string; caught?: string }> {
  const few = ['--homes', 'own', '--seconds', '300', '--round', '6', '--accounts', '6', '--clients', '8'];
  const args = ['dist/faults/test/faults/run.js', '--until-violation', ...few, ...options];
  const { stdout, stderr } = await execute(process.execPath, args, { cwd: tree }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  // A process that cannot start proves nothing: a planted fault breaks a promise, not the start.
  const caught = stdout.includes('ended at its start')
    ? undefined
    : /^caught .+ after \d+ operations$/m.exec(stdout)?.[0];
  return { output: `${stdout}${stderr}`, ...(caught ? { caught } : {}) };
}
