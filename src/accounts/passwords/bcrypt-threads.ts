import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** The neighbour is `.js` when built and `.ts` where Node or a test runs the sources. */
const threadFile = new URL(`./bcrypt-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Verifies bcrypt hashes away from the event loop: bcryptjs is plain JavaScript, and on the main thread one verification
 * at cost 12 (250 ms) holds up every other request for 100 ms, four at the same time for 400 ms; here for none.
 *
 * Makes a thread when none is free, so the caller's lane bounds their number too.
 */
export class BcryptThreads {
  readonly #free: { worker: Worker; ending: NodeJS.Timeout }[] = [];

  constructor(private readonly idleMs = 30_000) {}

  /**
   * What `hash` means is bcrypt's own affair: only the first 72 bytes of the password in UTF-8 count.
   */
  async compare(password: string, hash: string): Promise<boolean> {
    const worker = this.#take() ?? new Worker(threadFile);
    const settled = new AbortController();
    worker.ref();
    try {
      worker.postMessage({ password, hash });
      const ended = once(worker, 'exit', settled).then(([code]) =>
        Promise.reject(new Error(`a thread ended: ${code}`)),
      );
      const [answer] = await Promise.race([once(worker, 'message', settled), ended]);
      this.#giveBack(worker);
      return answer === true;
    } catch (error) {
      void worker.terminate();
      throw error;
    } finally {
      settled.abort();
    }
  }

  #take(): Worker | undefined {
    const free = this.#free.pop();
    clearTimeout(free?.ending);
    return free?.worker;
  }

  /** A thread that waits keeps no process alive. */
  #giveBack(worker: Worker): void {
    worker.unref();
    const end = () => {
      this.#free.splice(
        this.#free.findIndex((each) => each.worker === worker),
        1,
      );
      void worker.terminate();
    };
    this.#free.push({ worker, ending: setTimeout(end, this.idleMs).unref() });
  }
}
