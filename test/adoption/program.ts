import { createInterface } from 'node:readline';
import { Latchkey } from '../support/processes.js';

/** What runs an original: an interpreter with its flags, and the file of ours that calls the original's code. */
export interface ProgramFile {
  readonly command: readonly string[];
  readonly file: string;
}

/**
 * An original in a process of its own, which answers calls in their order: a line of JSON in, a line `reply {…}` out.
 * Whatever else it prints is ignored, and told when it fails.
 */
export class Program {
  readonly #process: Latchkey;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];

  /** @param databaseUrl the original's database, in `DATABASE_URL`. @param pepper in `PEPPER`. */
  constructor({ command, file }: ProgramFile, databaseUrl: string, pepper = '') {
    const settings = { DATABASE_URL: databaseUrl, LANG: 'C.UTF-8', PEPPER: pepper };
    this.#process = Latchkey.of(file, [], { node: command, settings, hasInput: true });
    const { stdout } = this.#process.child;
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.#read(line));
    // An input that nobody reads any more; the end of the process tells of it.
    this.#process.input.on('error', () => undefined);
    void this.#process.ended.then(({ code, output, errors }) => {
      const failure = new Error(`${file} ended with ${code}:\n${output}\n${errors}`);
      for (const each of this.#waiting.splice(0)) each.reject(failure);
    });
  }

  /** @throws Error with what the program says, when the call fails or the program ends. */
  async call<Result>(name: string, values: object = {}): Promise<Result> {
    const answer = Promise.withResolvers<unknown>();
    if (!this.#process.isRunning) throw new Error(`has ended:\n${this.#process.errors}`);
    this.#waiting.push(answer);
    this.#process.input.write(`${JSON.stringify({ call: name, ...values })}\n`);
    return (await answer.promise) as Result;
  }

  /** Ends the input, upon which the program ends by itself. */
  async close(): Promise<void> {
    this.#process.input.end();
    await this.#process.ended;
  }

  #read(line: string): void {
    if (!line.startsWith('reply ')) return;
    const { value, error } = JSON.parse(line.slice('reply '.length)) as { value?: unknown; error?: string };
    const answer = this.#waiting.shift();
    if (error === undefined) answer?.resolve(value);
    else answer?.reject(new Error(`${error}\n${this.#process.errors}`));
  }
}
