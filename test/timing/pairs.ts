import { Agent } from 'node:http';
import { call } from './call.js';
import type { Sides } from './figures.js';

/** One call of a field, for each side of a trial. */
export interface Question {
  readonly document: string;
  readonly one: (trial: number) => object;
  readonly other: (trial: number) => object;
}

/** Trials before the first that counts: code is compiled, lines are opened. */
const warmUp = 500;

/**
 * Pairs of calls, each in an order drawn anew, one call at a time on one line that is kept.
 *
 * @param plant microseconds by which the answers to one side are late, to see whether that is found.
 * @returns milliseconds, and how often each result came.
 */
export async function timePairs(
  url: string,
  pairs: number,
  { document, ...inputs }: Question,
  plant = 0,
  before = warmUp,
): Promise<Sides & { readonly results: Readonly<Record<string, number>> }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = { one: [] as number[], other: [] as number[] };
  const results: Record<string, number> = {};
  try {
    for (let trial = -before; trial < pairs; trial++) {
      const order = Math.random() < 0.5 ? (['one', 'other'] as const) : (['other', 'one'] as const);
      for (const side of order) {
        const begun = performance.now();
        const result = await call(agent, url, document, inputs[side](trial + before));
        if (side === 'one') busyFor(plant);
        if (trial < 0) continue;
        times[side].push(performance.now() - begun);
        results[result] = (results[result] ?? 0) + 1;
      }
    }
    return { ...times, results };
  } finally {
    agent.destroy();
  }
}

function busyFor(microseconds: number): void {
  if (microseconds <= 0) return;
  const until = performance.now() + microseconds / 1_000;
  while (performance.now() < until);
}
