import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const isRoot = process.getuid?.() === 0;

/** A folder with mode 0700, removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export interface OwnerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly description: string;
}

/** Starts an embedded part (PostgreSQL, Redis or the folder) in another process, which the test can kill. */
export async function startOwner(
  part: 'postgres' | 'redis' | 'folder',
  folder: string,
  { args = [], ...options }: SpawnOptions & { args?: string[] } = {},
): Promise<OwnerProcess> {
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const flags = ['--no-warnings', '--experimental-transform-types', '--import', here('typescript-sources.mjs')];
  const child = spawn(process.execPath, [...flags, here('owner.mjs'), part, folder, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...options,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  if (!child.stdout) throw new Error('No output of the owner');
  for await (const line of createInterface(child.stdout)) return { child, ...JSON.parse(line) };
  throw new Error(`The owner ended: ${errors}`);
}

/** Kills the owner and its whole process group, because Ctrl-C in a terminal also reaches the whole group. */
export async function killHard({ child }: OwnerProcess): Promise<void> {
  // Without a process id the signal would go to the test's own process group.
  if (!child.pid) throw new Error('The owner did not start');
  process.kill(-child.pid, 'SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** The process id in a pid file. */
export async function pidIn(file: string): Promise<number> {
  return Number((await readFile(file, 'utf8')).split('\n')[0]);
}

/** Whether the process ends within the time. A zombie counts as ended. */
export async function ends(pid: number, timeoutMs = 5_000): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(20)) {
    if (!existsSync(`/proc/${pid}`)) return true;
    if (/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: Z'))) return true;
  }
  return false;
}
