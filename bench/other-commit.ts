import { execFile, execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface OtherCommit {
  /** The whole name of the commit. */
  readonly commit: string;
  /** Its `latchkey`, built. */
  readonly program: string;
  /** Removes the worktree; it goes with the process at the latest. */
  remove(): void;
}

/**
 * Builds a commit in a temporary worktree, with our installed packages if its lock file is ours, else with its own.
 *
 * @param ref anything that git knows a commit by.
 * @throws Error when there is no such commit, or it does not build; nothing is left then.
 */
export async function buildCommit(ref: string, repository: string): Promise<OtherCommit> {
  const git = async (...args: string[]) => (await run('git', args, { cwd: repository })).stdout.trim();
  const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`).catch(() => {
    throw new Error(`--against: git knows no commit ${JSON.stringify(ref)} here`);
  });
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-before-'));
  let isWorktree = false;
  const remove = () => {
    process.off('exit', remove);
    // The folder goes even if git has not come to know it yet.
    const options = { cwd: repository, stdio: 'ignore' } as const;
    if (isWorktree) execFileSync('git', ['worktree', 'remove', '--force', folder], options);
    rmSync(folder, { recursive: true, force: true });
  };
  // An interrupted run leaves no worktree either.
  process.on('exit', remove);
  try {
    await git('worktree', 'add', '--detach', folder, commit);
    isWorktree = true;
    const [theirs, ours] = await Promise.all([folder, repository].map(lockFileOf));
    if (theirs === ours) await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
    else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
    await run('npm', ['run', '--silent', 'build'], { cwd: folder });
    const program = ['dist/latchkey.js', 'dist/src/main.js'].map((file) => join(folder, file)).find(existsSync);
    if (program === undefined) throw new Error(`its build makes no program`);
    return { commit, program, remove };
  } catch (error) {
    remove();
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`--against: ${commit} cannot be built: ${stderr?.trim() || message}`);
  }
}

function lockFileOf(folder: string): Promise<string> {
  return readFile(join(folder, 'package-lock.json'), 'utf8');
}
