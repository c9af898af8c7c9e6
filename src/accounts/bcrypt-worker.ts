import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcryptjs';

/** A thread of `BcryptThreads`: one answer for each question. */
parentPort?.on('message', ({ password, hash }: { password: string; hash: string }) => {
  parentPort?.postMessage(bcrypt.compareSync(password, hash));
});
