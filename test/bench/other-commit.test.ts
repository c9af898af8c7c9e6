import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCommit } from '../../bench/other-commit.js';

let repository: string;
const git = async (...args: string[]) => {
  const who = ['-c', 'user.name=Bench', '-c', 'user.email=bench@bench.example', '-c', 'commit.gpgsign=false'];
  return (await promisify(execFile)('git', [...who, ...args], { cwd: repository })).stdout.trim();
};

/** Commits a package whose build copies what `node_modules` and its own file say into its program. */
async function commit(says: string, build: string): Promise<string> {
  const files = {
    'package.json': JSON.stringify({ name: 'made-up', private: true, scripts: { build } }),
    'package-lock.json': JSON.stringify({ name: 'made-up', lockfileVersion: 3, packages: {} }),
    'says.txt': says,
    'build.sh': 'mkdir dist && cat says.txt node_modules/says.txt > dist/latchkey.js',
    '.gitignore': 'node_modules\ndist\n',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(repository, name), content);
  await git('add', '-A');
  await git('commit', '-qm', says);
  return git('rev-parse', 'HEAD');
}

beforeAll(async () => {
  repository = await realpath(await mkdtemp(join(tmpdir(), 'latchkey-repository-')));
  await git('init', '-q');
  await mkdir(join(repository, 'node_modules'));
  await writeFile(join(repository, 'node_modules/says.txt'), 'our packages');
});
afterAll(() => rm(repository, { recursive: true }));

it('builds the commit beside ours, with our packages, and leaves nothing', async () => {
  const first = await commit('the first, ', 'sh build.sh');
  await commit('the second, ', 'sh build.sh');
  const other = await buildCommit('HEAD~1', repository);
  expect(other.commit).toBe(first);
  expect(await readFile(other.program, 'utf8')).toBe('the first, our packages');
  other.remove();
  expect(existsSync(other.program)).toBe(false);
  expect(await git('worktree', 'list')).toMatch(/^[^\n]*$/);
  expect(await readFile(join(repository, 'node_modules/says.txt'), 'utf8')).toBe('our packages');
});

it('says which commit is missing or does not build, and leaves nothing', async () => {
  await expect(buildCommit('--all', repository)).rejects.toThrow('--against: git knows no commit "--all" here');
  const broken = await commit('the broken, ', 'echo no such compiler >&2; exit 1');
  await expect(buildCommit(broken, repository)).rejects.toThrow(
    `--against: ${broken} cannot be built: no such compiler`,
  );
  expect(await git('worktree', 'list')).toMatch(/^[^\n]*$/);
});
