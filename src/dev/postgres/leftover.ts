import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine, type StopStep, stopProcess } from '../processes.js';

/** Fast shutdown; then immediate shutdown, from which the next start recovers; then SIGKILL. */
export const stopSteps = (patienceMs: number): readonly StopStep[] => [
  ['SIGINT', patienceMs],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 5_000],
];

/**
 * Stops a server that still runs on this data because the process that started it was killed.
 *
 * @throws Error if it does not stop.
 */
export async function stopLeftover(data: string): Promise<void> {
  const file = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(file.split('\n')[0]);
  if (!(pid > 0)) return;
  // The process id may belong to another program now, so its command line is checked.
  const command = await commandLine(pid);
  if (!command?.includes('postgres') || !command.includes(`-D ${data} `)) return;
  await stopProcess(pid, stopSteps(10_000));
}
