import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FloodCall, post } from '../callers.js';

/** Milliseconds after which a client repeats a call that was refused because the server had too much to do. */
const again = 1_000;

/**
 * Clients that call until told to stop, each over this many connections and within its own limits: a client ends with
 * the first call that a limit refuses.
 */
export class Guessers {
  readonly answers: Record<string, number> = {};
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  readonly #lines: Promise<void>[] = [];
  #isOver = false;

  constructor(
    private readonly url: string,
    clients: number,
    lines: number,
    call: (client: number, count: number) => FloodCall,
  ) {
    for (let client = 0; client < clients; client++) {
      const state = { count: 0, isRefused: false };
      for (let line = 0; line < lines; line++)
        this.#lines.push(this.#keepCalling(state, () => call(client, state.count++)));
    }
  }

  async #keepCalling(state: { isRefused: boolean }, call: () => FloodCall): Promise<void> {
    while (!this.#isOver && !state.isRefused) {
      const answer = await post(this.#agent, this.url, call()).catch(() => 'no answer');
      if (this.#isOver) return;
      this.answers[answer] = (this.answers[answer] ?? 0) + 1;
      if (answer === 'TooManyRequests') state.isRefused = true;
      if (answer !== 'InvalidCredentials') await sleep(again);
    }
  }

  async stop(): Promise<Record<string, number>> {
    this.#isOver = true;
    this.#agent.destroy();
    await Promise.all(this.#lines);
    return this.answers;
  }
}
