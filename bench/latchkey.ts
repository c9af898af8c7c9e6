import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/support/free-port.js';
import { Latchkey } from '../test/support/processes.js';
import { type Environment, productionSettings, withoutLimits } from '../test/support/production-settings.js';
import { machineTime } from './process-figures.js';

export type { Environment };

/** Production settings, with limits so high that one machine as all clients does not reach them. */
export function productionEnvironment(urls: { database: string; redis: string; smtp: string }): Environment {
  const { PORT, OPS_PORT, ...production } = productionSettings(urls);
  return { ...production, SUPPORT_URL: 'https://bench.example/support', LOG_LEVEL: 'warn', ...withoutLimits() };
}

/** A process of the server, as `npm run build` left it. */
export class Server {
  private constructor(
    private readonly process: Latchkey,
    readonly url: string,
    /** Milliseconds from the start of the process until /readyz answered 200. */
    readonly startMs: number,
  ) {}

  /** @throws Error when the process ends before it is ready, or is not ready after half a minute. */
  static async start(program: string, command: 'api' | 'worker', environment: Environment): Promise<Server> {
    const port = await freePort();
    const ports =
      command === 'api' ? { PORT: String(port), OPS_PORT: '0' } : { OPS_HOST: '127.0.0.1', OPS_PORT: String(port) };
    const began = machineTime();
    const started = Latchkey.of(program, [command], { settings: { ...environment, ...ports }, stdout: 1, stderr: 2 });
    const url = `http://127.0.0.1:${port}`;
    while (!(await isReady(url))) {
      if (!started.isRunning) throw new Error(`latchkey ${command} ended with ${(await started.ended).code}`);
      if (machineTime() - began > 30_000) {
        await started.stop('SIGKILL');
        throw new Error(`latchkey ${command} is not ready after half a minute`);
      }
      await sleep(5);
    }
    return new Server(started, url, machineTime() - began);
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Kills the process: nothing that it holds is needed any more, and a graceful end takes a second. */
  async stop(): Promise<void> {
    await this.process.stop('SIGKILL');
  }
}

/** Starts a process for each measurement, or, if `keeps` is set, one of each kind for all measurements. */
export class Servers {
  readonly #kept = new Map<string, Server>();

  constructor(
    private readonly program: string,
    private readonly environment: Environment,
    private readonly keeps: boolean,
  ) {}

  async take(command: 'api' | 'worker'): Promise<Server> {
    const server = this.#kept.get(command) ?? (await Server.start(this.program, command, this.environment));
    if (this.keeps) this.#kept.set(command, server);
    return server;
  }

  async giveBack(server: Server): Promise<void> {
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
