import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/support/free-port.js';
import { type Environment, productionSettings, withoutLimits } from '../test/support/production-settings.js';
import { machineTime } from './process-figures.js';

export const packageFolder = new URL('../../../', import.meta.url);
const main = new URL('dist/src/main.js', packageFolder).pathname;

export type { Environment };

/** As an operator would set it, with limits that one machine that plays everybody does not meet. */
export function productionEnvironment(urls: { database: string; redis: string; smtp: string }): Environment {
  const { PORT, OPS_PORT, ...production } = productionSettings(urls);
  return { ...production, SUPPORT_URL: 'https://bench.example/support', LOG_LEVEL: 'warn', ...withoutLimits() };
}

/** A process of the server, as `npm run build` left it. */
export class Latchkey {
  private constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
    readonly url: string,
    /** From its start until it said that it was ready. */
    readonly startMs: number,
  ) {}

  static async start(command: 'api' | 'worker', environment: Environment): Promise<Latchkey> {
    const port = await freePort();
    const ports =
      command === 'api' ? { PORT: String(port), OPS_PORT: '0' } : { OPS_HOST: '127.0.0.1', OPS_PORT: String(port) };
    const { PATH = '' } = process.env;
    const began = machineTime();
    const child = spawn(process.execPath, [main, command], {
      env: { PATH, ...environment, ...ports },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const kill = () => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const url = `http://127.0.0.1:${port}`;
    while (!(await isReady(url))) {
      if (child.exitCode !== null) throw new Error(`latchkey ${command} ended with ${child.exitCode}`);
      if (machineTime() - began > 30_000) {
        kill();
        throw new Error(`latchkey ${command} is not ready after half a minute`);
      }
      await sleep(5);
    }
    return new Latchkey(child, child.pid ?? Number.NaN, url, machineTime() - began);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    // Nothing of what it holds is needed any more, and a graceful end takes a second.
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/** Starts a process for each measurement; or, where figures do not count, one of each kind for all of them. */
export class Servers {
  readonly #kept = new Map<string, Latchkey>();

  constructor(
    private readonly environment: Environment,
    private readonly keeps: boolean,
  ) {}

  async take(command: 'api' | 'worker'): Promise<Latchkey> {
    const server = this.#kept.get(command) ?? (await Latchkey.start(command, this.environment));
    if (this.keeps) this.#kept.set(command, server);
    return server;
  }

  async giveBack(server: Latchkey): Promise<void> {
    if (!this.keeps) await server.stop();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#kept.values()].map((each) => each.stop()));
  }
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status === 200;
}
