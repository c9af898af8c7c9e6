import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { type IteratedWork, iterate } from './iterated.js';
import { niceness } from './threads.js';

/** What `IteratedThread` starts: answers each piece of work by its digest. */
try {
  // On Linux a thread has a priority of its own; elsewhere it would be that of the process.
  if (process.platform === 'linux') setPriority(niceness);
} catch {
  // A filter forbids the system call: the thread keeps its priority.
}
parentPort?.on('message', ({ number, work }: { number: number; work: IteratedWork }) => {
  parentPort?.postMessage({ number, digest: iterate(work) });
});
