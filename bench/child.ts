import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly failed?: string;
}

/** Runs a part of the benchmark in its own process, so that its CPU time is counted separately. */
export class Child<Tasks> {
  #calls = 0;

  private constructor(private readonly process: ChildProcess) {}

  /** @param file a file in this folder, without `.ts`. */
  static start<Tasks>(file: string, environment: NodeJS.ProcessEnv = {}): Child<Tasks> {
    const env = { ...process.env, NODE_ENV: 'production', ...environment };
    return new Child(fork(new URL(`./${file}.js`, import.meta.url), { env }));
  }

  get pid(): number {
    return this.process.pid ?? Number.NaN;
  }

  call<Name extends keyof Tasks & string>(
    name: Name,
    ...input: Tasks[Name] extends (input: infer Input) => unknown ? [Input] : never
  ): Promise<Tasks[Name] extends (input: never) => infer Result ? Awaited<Result> : never> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      const onMessage = (answer: Answer) => {
        if (answer.id !== id) return;
        settle();
        if (answer.failed === undefined) resolve(answer.result as never);
        else reject(new Error(`${name}: ${answer.failed}`));
      };
      const onExit = (code: number | null) => {
        settle();
        reject(new Error(`${name}: the process ended (${code})`));
      };
      const settle = () => void this.process.off('message', onMessage).off('exit', onExit);
      this.process.on('message', onMessage).on('exit', onExit);
      this.process.send({ id, name, input: input[0] });
    });
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.disconnect();
    await once(this.process, 'exit');
  }
}

/** The child's side: runs the tasks that are called, and exits with the process that started it. */
export function answerCalls<Tasks extends object>(tasks: Tasks): void {
  process.on('message', async ({ id, name, input }: { id: number; name: keyof Tasks; input: unknown }) => {
    try {
      const task = tasks[name] as (input: unknown) => unknown;
      process.send?.({ id, result: await task(input) } satisfies Answer);
    } catch (error) {
      process.send?.({ id, failed: error instanceof Error ? error.message : String(error) } satisfies Answer);
    }
  });
  process.on('disconnect', () => process.exit());
}
