import { readFileSync } from 'node:fs';
import { documents, json, send, tracesOf, verdictOf } from '../../attacks/attack.js';
import { Latchkey } from '../../support/processes.js';
import { productionSettings, withoutLimits } from '../../support/production-settings.js';
import { Finding, type Opening } from '../fuzzer.js';
import type { Stores } from './stores.js';

/** What the judges need of a server: a test gives a stub with a fault. */
export interface Server {
  readonly url: string;
  /** All that it has written so far. */
  readonly output: string;
  readonly isRunning: boolean;
  /** Undefined: its memory is not judged. */
  readonly pid?: number | undefined;
  stop(): Promise<unknown>;
}

/**
 * `latchkey api` as in production, with lines of every level. Only the limits of hashing are the default ones, so that
 * generated sign-ins do not use up the time.
 */
export async function startServer(stores: Stores): Promise<Server> {
  const api = Latchkey.start(['api'], {
    ...productionSettings({ ...stores, smtp: 'smtp://127.0.0.1:9' }),
    ...withoutLimits(/^LIMIT_(?:RESET|KEY|SIGN)/),
    LOG_LEVEL: 'trace',
  });
  const url = await api.url();
  return {
    url,
    get output() {
      return api.output + api.errors;
    },
    get isRunning() {
      return api.isRunning;
    },
    pid: api.pid,
    stop: async () => {
      await api.stop('SIGKILL');
      await stores.stop();
    },
  };
}

/** Milliseconds; nothing that one request asks for may take longer. */
const longest = 1_000;

/** What is checked around the cases of every fuzzer that talks to an API. */
export class Stage {
  #read = 0;
  readonly #memory: number[] = [];

  constructor(
    readonly server: Server,
    private readonly opening: Opening,
  ) {}

  /** Does the work of a case. @throws Finding when it takes too long, twice, or when the log shows a canary. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const { measured, now = () => performance.now() } = this.opening;
    const [result, took] = await timed(work, now);
    // Another program may have had the processor: only what is slow again is slow.
    if (measured && took > longest && (await timed(work, now))[1] > longest) {
      throw new Finding(`an answer took ${Math.round(took)} ms`);
    }
    this.#expectCleanLog();
    return result;
  }

  /** An honest caller is served, and the process lives. @throws Finding */
  async rest(): Promise<void> {
    if (!this.server.isRunning) throw new Finding('the process ended');
    const body = JSON.stringify({
      query: documents.requestPasswordReset,
      variables: { input: { email: 'honest@example.com' } },
    });
    const answer = await send(this.server.url, { headers: json, body });
    if (verdictOf(answer) !== 'PasswordResetRequested') throw new Finding(`an honest call got ${answer.status}`);
    this.#expectCleanLog();
    const { pid } = this.server;
    if (pid !== undefined) this.#memory.push((this.opening.memoryOf ?? kibibytesOf)(pid));
  }

  /** @throws Finding when memory grew by a fifth from the middle third of the stretches to the last. */
  async finish(): Promise<void> {
    const third = Math.floor(this.#memory.length / 3);
    if (!this.opening.measured || third < 3) return;
    const [middle, last] = [this.#memory.slice(third, 2 * third), this.#memory.slice(-third)].map(mean);
    if (middle !== undefined && last !== undefined && last > 1.2 * middle) {
      throw new Finding(
        `memory grew from ${Math.round(middle)} to ${Math.round(last)} KiB: ${this.#memory.join(', ')}`,
      );
    }
  }

  #expectCleanLog(): void {
    const { output } = this.server;
    const traces = tracesOf(output.slice(Math.max(0, this.#read - 200)));
    this.#read = output.length;
    if (traces.length > 0) throw new Finding(`the log shows a value (${traces.join(', ')})`);
  }
}

async function timed<Result>(work: () => Promise<Result>, now: () => number): Promise<[Result, number]> {
  const begun = now();
  const result = await work();
  return [result, now() - begun];
}

function kibibytesOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
