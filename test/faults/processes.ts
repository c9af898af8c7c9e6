import { on, once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFolder } from '../../src/package-files.js';
import { Latchkey } from '../support/processes.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import type { Armed } from './fault-points.js';
import type { Said } from './server.js';

export type Role = 'api' | 'worker';
export type Environment = Readonly<Record<string, string>>;

/** The proxies between one process and its stores. */
export interface Ways {
  readonly postgres: TcpProxy;
  readonly redis: TcpProxy;
  readonly relay: TcpProxy;
}

/** Node's compile cache, since processes are started often. Copies of the tree (`mutants.ts`) share it. */
const compileCache = join(packageFolder, 'node_modules/.cache/latchkey-faults');

/** A server process under the rig, which starts it again after every death. */
export class ServerProcess {
  #process: Latchkey | undefined;
  #url: string | undefined;
  #wanted = false;
  /** Points that were reached while armed. */
  readonly reached: string[] = [];
  /** Deaths that the rig did not cause. */
  readonly deaths: string[] = [];
  #ordered = false;
  /** Requests to disarm that the process has not answered: until it has, it may still die at a point. */
  #unanswered = 0;

  constructor(
    readonly name: string,
    readonly role: Role,
    readonly ways: Ways,
    private readonly environment: Environment,
    private readonly folder: string,
    private readonly file: string,
  ) {}

  /** The URL of an API while it takes calls; otherwise undefined. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Resolves when the process takes work. @throws Error with the end of the log when the process ends before that. */
  async start(): Promise<void> {
    this.#wanted = true;
    this.#ordered = false;
    this.#unanswered = 0;
    const logFile = join(this.folder, `${this.name}.log`);
    const log = openSync(logFile, 'a');
    const settings = { NODE_COMPILE_CACHE: compileCache, ...this.environment };
    const started = Latchkey.of(this.file, [this.role], { settings, stdout: log, stderr: log, hasChannel: true });
    closeSync(log);
    this.#process = started;
    const ended = started.ended.then(({ code, signal }) => {
      if (this.#process === started) {
        this.#url = undefined;
        // An armed point kills, and so it may until the process has said that it is disarmed; it does nothing else.
        const isArmed = signal === 'SIGKILL' && this.#unanswered > 0;
        if (!this.#ordered && !isArmed) this.deaths.push(`${this.name} ended by itself: ${code ?? signal}`);
      }
      return { code, signal };
    });
    await new Promise<void>((resolve, reject) => {
      started.child.on('message', (said: Said) => {
        if ('disarmed' in said) {
          if (this.#process === started) this.#unanswered -= 1;
          return;
        }
        if ('reached' in said) {
          this.reached.push(said.reached);
          this.onReached?.(said.reached);
          return;
        }
        this.#url = said.ready || undefined;
        resolve();
      });
      void ended.then(async ({ code, signal }) => {
        const said = (await readFile(logFile, 'utf8').catch(() => '')).split('\n').slice(-12).join('\n');
        reject(new Error(`${this.name} ended at its start (${code ?? signal}):\n${said}`));
      });
    });
  }

  onReached: ((point: string) => void) | undefined;

  /** The next death is ordered by the nemesis: it is no violation. */
  expectDeath(): void {
    this.#ordered = true;
  }

  arm(armed: Armed): void {
    const child = this.#process?.child;
    // A process that dies meanwhile has no use for it: `revive` sees its end.
    if (child?.connected) child.send({ armed }, () => undefined);
  }

  /** Resolves once the process can no longer die at the armed point, or has ended; after 5 s at the latest. */
  async disarm(): Promise<void> {
    const child = this.#process?.child;
    if (!child || !this.isRunning) return;
    const answered = new AbortController();
    const { signal } = answered;
    const disarmed = (async () => {
      for await (const [said] of on(child, 'message', { signal })) {
        if ('disarmed' in (said as Said) && this.#unanswered === 0) return;
      }
    })();
    const ended = once(child, 'exit', { signal });
    // The channel of a process that dies closes a moment before its exit is known, and then only the exit comes.
    if (child.connected) {
      this.#unanswered += 1;
      child.send({}, () => undefined);
    }
    // A process that another fault has stopped (SIGSTOP) answers only when that fault is healed: hence the 5 s.
    await Promise.race([disarmed, ended, sleep(5_000, undefined, { signal })]).finally(() => answered.abort());
    await Promise.allSettled([disarmed, ended]);
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.child.kill(signal);
  }

  /** Ends the process, and waits for its exit. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#ordered = true;
    if (!this.#process?.isRunning) return;
    // A load balancer sends no more calls to a process that was told to end, because its /readyz fails from then on.
    if (signal === 'SIGTERM') this.#url = undefined;
    await this.#process.stop(signal);
    this.#url = undefined;
  }

  /** Starts the process if it is dead, for instance because it died at an armed point. */
  async revive(): Promise<void> {
    if (!this.isRunning && this.#wanted) await this.start();
    this.#ordered = false;
  }
}
