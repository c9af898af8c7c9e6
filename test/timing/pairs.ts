import { Agent } from 'node:http';
import { call } from './call.js';
import type { Sides } from './figures.js';

/** A call to compare: one document, with the variable `input` of each side for a trial. */
export interface Question {
  readonly document: string;
  readonly one: (trial: number) => object | string;
  readonly other: (trial: number) => object | string;
}

/** Trials that warm up (code is compiled, connections are opened) and do not count. */
const warmUp = 500;

/**
 * Times pairs of calls, each pair in a random order, one call at a time on one kept connection.
 *
 * @param plant microseconds that are added to one side's times, to test whether the difference is found.
 * @returns the times in milliseconds, and how often each result came.
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
