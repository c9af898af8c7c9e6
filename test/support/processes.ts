import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { packageFolder } from '../../src/package-files.js';

export const main = join(packageFolder, 'dist/latchkey.js');
/** The same program with each source in a file of its own, so that a test can reach into it (`node --import`). */
export const mainInFiles = join(packageFolder, 'dist/src/main.js');

export type Settings = Readonly<Record<string, string | undefined>>;
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

export interface ProcessOptions {
  /** The environment variables of the process, in addition to PATH and HOME only. */
  readonly settings?: Settings;
  readonly cwd?: string;
  /** The Node that runs the program, and its flags. */
  readonly node?: readonly string[];
  /** A number is an open file descriptor of this process; `unread` is a pipe that nobody reads and that fills up. */
  readonly stdout?: 'pipe' | 'unread' | 'ignore' | number;
  readonly stderr?: 'pipe' | number;
  /** Whether the process has a standard input, `input`. */
  readonly hasInput?: boolean;
  /** Whether there is a channel for messages, as with `fork`. */
  readonly hasChannel?: boolean;
}

const running = new Set<Latchkey>();

/** For `afterAll`: kills every process that a test has started. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map((each) => each.stop('SIGKILL')));
}

/** `latchkey …` as a process of its own. It gets no settings but those given here. */
export class Latchkey {
  output = '';
  errors = '';
  readonly ended: Promise<Ended>;

  private constructor(
    readonly child: ChildProcess,
    reads: boolean,
  ) {
    running.add(this);
    const kill = () => void child.kill('SIGKILL');
    process.once('exit', kill);
    if (reads) {
      child.stdout?.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    child.stderr?.on('data', (chunk) => {
      this.errors += chunk;
    });
    // An unread pipe stays open, so `close` would never come.
    this.ended = once(child, reads ? 'close' : 'exit').then(([code, signal]) => {
      running.delete(this);
      process.off('exit', kill);
      return { code, signal, output: this.output, errors: this.errors };
    });
  }

  static start(args: readonly string[], settings: Settings = {}, cwd = tmpdir(), node = [process.execPath]): Latchkey {
    return Latchkey.of(main, args, { settings, cwd, node });
  }

  /** Starts another program, or with other options than `start` has. */
  static of(program: string, args: readonly string[], options: ProcessOptions = {}): Latchkey {
    if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\` first`);
    const { settings = {}, cwd = tmpdir(), node = [process.execPath], stdout = 'pipe', stderr = 'pipe' } = options;
    const [command = '', ...flags] = node;
    const { PATH, HOME } = process.env;
    const child = spawn(command, [...flags, program, ...args], {
      cwd,
      env: { PATH, HOME, ...settings },
      stdio: [
        options.hasInput ? 'pipe' : 'ignore',
        stdout === 'unread' ? 'pipe' : stdout,
        stderr,
        ...(options.hasChannel ? ['ipc' as const] : []),
      ],
    });
    return new Latchkey(child, stdout === 'pipe');
  }

  /** @throws Error without `hasInput`. */
  get input(): Writable {
    if (!this.child.stdin) throw new Error('the process has no input');
    return this.child.stdin;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts the process and waits for its end. */
  static run(...args: Parameters<typeof Latchkey.start>): Promise<Ended> {
    return Latchkey.start(...args).ended;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  /**
   * Waits until the output matches. @returns the first group, or the whole match.
   * @throws Error with the whole output after the timeout, or when the process has ended.
   */
  async said(pattern: RegExp, timeoutMs = 30_000): Promise<string> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found[1] ?? found[0];
      if (!running.has(this) || Date.now() > end) {
        throw new Error(`never said ${pattern}:\n${this.output}\n${this.errors}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The URL of an API, once it listens. */
  url(timeoutMs?: number): Promise<string> {
    return this.said(/"url":"([^"]+)"[^\n]*the API listens/, timeoutMs);
  }

  stop(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

export async function readyz(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, body: await response.json() };
}
