import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A signal, and the milliseconds to wait for the end of the process before the next step. */
export type StopStep = readonly [signal: NodeJS.Signals, patienceMs: number];

/** The environment for servers: only PATH and TZ of ours, no secrets and no PG* variables. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH, TZ } = process.env;
  return { PATH, ...(TZ === undefined ? {} : { TZ }) };
}

/** Whether a process with this id exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Program and arguments of a live process, separated by spaces; undefined if there is no such process, or only a
 * zombie.
 */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return processStatus(pid, 'command=');
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.replaceAll('\0', ' ').trim() || undefined;
}

/**
 * A text that tells a process from a later one with the same id: its start time, on Linux together with the id of the
 * boot. Undefined if there is no such process, or only a zombie.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return processStatus(pid, 'lstart=');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  // The second field, the program's name, may hold spaces and brackets; proc_pid_stat(5) numbers the start time 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  return `${boot.trim()} ${fields[19]}`;
}

/**
 * Stops a process that is not our child, step by step.
 *
 * @throws Error if it still runs after the last step, or may not be signalled
 */
export async function stopProcess(pid: number, steps: readonly StopStep[]): Promise<void> {
  for (const [signal, patienceMs] of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw new Error(`Process ${pid} is left over from an earlier run and cannot be stopped: ${error}`);
    }
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if ((await commandLine(pid)) === undefined) return;
      await sleep(20);
    }
  }
  throw new Error(`Process ${pid} is left over from an earlier run and does not stop`);
}

async function processStatus(pid: number, column: string): Promise<string | undefined> {
  const options = { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } };
  const output = await promisify(execFile)('ps', ['-ww', '-o', column, '-p', String(pid)], options).catch(
    () => undefined,
  );
  return output?.stdout.trim() || undefined;
}
