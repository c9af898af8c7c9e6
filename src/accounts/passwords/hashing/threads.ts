import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Of the threads that hash; the event loop's is 0. A thread of 5 gets a third of the time of one of 0. */
const niceness = 5;

/**
 * Lets the threads of libuv's pool, which hash, stand back behind the event loop, so that all cores can hash while other
 * calls are answered quickly. On Linux, where a priority is a thread's; elsewhere it would be the process's. To be called
 * once the pool is there, with the first hash.
 *
 * @returns how many threads it found; 0 where they bear no name of their own (libuv before 1.50).
 */
export function lowerHashThreads(): number {
  if (process.platform !== 'linux') return 0;
  let lowered = 0;
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() !== 'libuv-worker') continue;
      setPriority(Number(thread), niceness);
      lowered++;
    }
  } catch {
    // Without /proc, or with a filter of system calls: they stay as they are.
  }
  return lowered;
}
