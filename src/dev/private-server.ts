import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareEnvironment, type StopStep } from './processes.js';

const largestLog = 1024 * 1024;

export interface PrivateServerOptions {
  /** Its name in messages, for example "PostgreSQL". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Output is added here; the file is emptied first when it is over 1 MiB. */
  readonly logFile: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** How to stop it, the gentlest signal first. */
  readonly stopSteps: readonly StopStep[];
  /** What a person can do when it does not start. */
  readonly wayOut: string;
}

/** A server that runs as long as this process: a child in its own process group. */
export class PrivateServer {
  readonly #exited: Promise<void>;
  readonly #interrupt: () => void;
  #stopped: Promise<void> | undefined;

  private constructor(
    private readonly options: PrivateServerOptions,
    private readonly child: ChildProcess,
    private readonly logStart: number,
  ) {
    const [firstSignal] = options.stopSteps[0] ?? ['SIGTERM'];
    this.#interrupt = () => void child.kill(firstSignal);
    process.on('exit', this.#interrupt);
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        process.off('exit', this.#interrupt);
        resolve();
      });
    });
  }

  /** @throws Error if the program cannot be run */
  static async spawn(options: PrivateServerOptions): Promise<PrivateServer> {
    const log = openSync(options.logFile, 'a', 0o600);
    try {
      if (fstatSync(log).size > largestLog) ftruncateSync(log);
      const child = spawn(options.command, options.args, {
        cwd: options.cwd,
        // Its own process group, because otherwise Ctrl-C in a terminal would stop the server before its clients.
        detached: true,
        env: bareEnvironment(),
        stdio: ['ignore', log, log],
        ...(options.user ? { uid: options.user.uid, gid: options.user.gid } : {}),
      });
      const server = new PrivateServer(options, child, fstatSync(log).size);
      await once(child, 'spawn');
      return server;
    } catch (error) {
      throw new Error(`${options.name} cannot be run: ${(error as Error).message}. ${options.wayOut}`, {
        cause: error,
      });
    } finally {
      closeSync(log);
    }
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /**
   * Repeats `probe` until it succeeds. On failure the server is stopped.
   *
   * @param isFinal errors of the probe after which there is no point in waiting
   * @throws Error with the last lines of the log
   */
  async untilReady<Result>(
    probe: () => Promise<Result>,
    { timeoutMs, isFinal }: { timeoutMs: number; isFinal?: (error: unknown) => boolean },
  ): Promise<Result> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      try {
        return await probe();
      } catch (error) {
        if (this.hasExited) throw await this.#failure(`ended (${this.child.exitCode ?? this.child.signalCode})`, error);
        const reason = isFinal?.(error) ? (error as Error).message : `no answer within ${timeoutMs / 1000} s`;
        if (isFinal?.(error) || Date.now() > deadline) {
          await this.stop();
          throw await this.#failure(reason, error);
        }
      }
      await sleep(20);
    }
  }

  /** Stops the server and waits for its end. May be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    for (const [signal, patienceMs] of this.options.stopSteps) {
      if (this.hasExited) return;
      this.child.kill(signal);
      const waiting = new AbortController();
      await Promise.race([this.#exited, sleep(patienceMs, undefined, { signal: waiting.signal }).catch(() => {})]);
      waiting.abort();
    }
  }

  async #failure(reason: string, cause: unknown): Promise<Error> {
    const { name, logFile, wayOut } = this.options;
    const log = (await readFile(logFile)).subarray(this.logStart).toString();
    const lines = log.trimEnd().split('\n').slice(-15).join('\n  ');
    return new ServerFailed(
      `${name} did not start: ${reason}. Last lines of ${logFile}:\n  ${lines}\n${wayOut}`,
      /address already in use|could not bind|could not create any TCP/i.test(lines),
      { cause },
    );
  }
}

export class ServerFailed extends Error {
  constructor(
    message: string,
    /**
     * Another program took the port between our choice and the server's start, so another try with a new port may
     * succeed.
     */
    readonly portWasTaken: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ServerFailed';
  }
}

/**
 * Calls `start` with a free port of 127.0.0.1; if it was taken meanwhile, with another one, three times at most.
 *
 * @throws what `start` throws.
 */
export async function onFreePort<Result>(start: (port: number) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (!(error instanceof ServerFailed && error.portWasTaken) || attempt === 3) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port on 127.0.0.1');
  return address.port;
}
