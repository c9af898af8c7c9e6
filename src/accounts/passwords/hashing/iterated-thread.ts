import { Worker } from 'node:worker_threads';
import { iteratedWorkerFile } from '../../../package-files.js';
import type { IteratedWork } from './iterated.js';

type Waiting = Pick<PromiseWithResolvers<string>, 'resolve' | 'reject'>;

/**
 * A thread for hashes that are loops of JavaScript, one after the other; it begins with the first of them. While it has
 * nothing to do it keeps no process alive.
 */
export class IteratedThread {
  #worker: Worker | undefined;
  #given = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** The digest, see `iterate`. @throws Error when the thread died. */
  run(work: IteratedWork): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const number = this.#given++;
    this.#waiting.set(number, { resolve, reject });
    worker.ref();
    worker.postMessage({ number, work });
    return promise;
  }

  #start(): Worker {
    const worker = new Worker(iteratedWorkerFile);
    worker.on('message', ({ number, digest }: { number: number; digest: string }) => {
      this.#waiting.get(number)?.resolve(digest);
      this.#waiting.delete(number);
      if (this.#waiting.size === 0) worker.unref();
    });
    const end = (error: Error) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', end);
    worker.on('exit', () => end(new Error('the thread that hashes ended')));
    return worker;
  }
}
