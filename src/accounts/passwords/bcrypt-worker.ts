import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcryptjs';

// Behind the event loop. On Linux a priority is this thread's alone, elsewhere it would be the process's. (No import of
// ours: Node loads this file as it is, in a thread without a loader.)
if (process.platform === 'linux') {
  try {
    setPriority(5);
  } catch {
    // A filter of system calls may forbid it; then it stays as it is.
  }
}

/** A thread of `BcryptThreads`: one answer for each question. */
parentPort?.on('message', ({ password, hash }: { password: string; hash: string }) => {
  parentPort?.postMessage(bcrypt.compareSync(password, hash));
});
