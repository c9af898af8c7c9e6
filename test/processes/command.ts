import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, connect as open, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFolder } from '../../src/package-files.js';
import { freePort } from '../support/free-port.js';

export const main = join(packageFolder, 'dist/src/main.js');

export type Settings = Readonly<Record<string, string | undefined>>;
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

const running = new Set<Latchkey>();

/** For `afterAll`: nothing that a test started outlives it. */
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
    if (reads) {
      child.stdout?.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    child.stderr?.on('data', (chunk) => {
      this.errors += chunk;
    });
    // What nobody reads never comes to its end.
    this.ended = once(child, reads ? 'close' : 'exit').then(([code, signal]) => {
      running.delete(this);
      return { code, signal, output: this.output, errors: this.errors };
    });
  }

  static start(args: readonly string[], settings: Settings = {}, cwd = tmpdir(), node = [process.execPath]): Latchkey {
    return Latchkey.of(main, args, { settings, cwd, node });
  }

  /** The program in another folder, or with another standard output than a pipe that is read to its end. */
  static of(
    program: string,
    args: readonly string[],
    options: { settings?: Settings; cwd?: string; node?: readonly string[]; stdout?: 'pipe' | 'unread' | number },
  ): Latchkey {
    if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\` first`);
    const { settings = {}, cwd = tmpdir(), node = [process.execPath], stdout = 'pipe' } = options;
    const [command = '', ...flags] = node;
    const { PATH, HOME } = process.env;
    const child = spawn(command, [...flags, program, ...args], {
      cwd,
      env: { PATH, HOME, ...settings },
      stdio: ['ignore', stdout === 'unread' ? 'pipe' : stdout, 'pipe'],
    });
    return new Latchkey(child, stdout === 'pipe');
  }

  /** Waits for its end. */
  static run(...args: Parameters<typeof Latchkey.start>): Promise<Ended> {
    return Latchkey.start(...args).ended;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  /** What the pattern finds in the output. @throws Error with the whole output after the time, or when it ended before. */
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

  /** Of an API, once it listens. */
  url(): Promise<string> {
    return this.said(/"url":"([^"]+)"[^\n]*the API listens/);
  }

  stop(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** What both production processes need, with stores of the caller's choice. */
export function productionSettings(stores: { database: string; redis: string; smtp: string }): Settings {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    NODE_ENV: 'production',
    PORT: '0',
    HOST: '127.0.0.1',
    OPS_PORT: '0',
    PUBLIC_URL: 'https://recover.example.com',
    MAIL_FROM: 'Acme <no-reply@acme.example>',
    PRODUCT_NAME: 'Acme',
    SIGN_UP: 'closed',
    DATABASE_URL: stores.database,
    REDIS_URL: stores.redis,
    SMTP_URL: stores.smtp,
    SECRET: randomBytes(32).toString('base64url'),
    ACCESS_TOKEN_SIGNING_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** The way to a store, closed at first: the port is there from the beginning, the store behind it is not. */
export class Gate {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(
    /** The store's URL through the gate. */
    readonly url: string,
    private readonly port: number,
    private readonly target: { host: string; port: number },
  ) {}

  static async to(url: string): Promise<Gate> {
    const port = await freePort();
    const { hostname, port: target } = new URL(url);
    return new Gate(url.replace(`:${target}`, `:${port}`), port, { host: hostname, port: Number(target) });
  }

  async open(): Promise<void> {
    this.#server = createServer((socket) => {
      const store = open(this.target);
      for (const each of [socket, store]) this.#sockets.add(each.on('error', () => undefined));
      socket.pipe(store).pipe(socket);
    }).listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Cuts every line. */
  shut(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

export async function readyz(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, body: await response.json() };
}
