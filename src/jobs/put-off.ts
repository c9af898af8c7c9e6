import type { JobWithMetadata, PgBoss } from 'pg-boss';
import { jobTiming } from './queue/definition.js';
import { giveBackFor } from './queue/tables.js';

/** What the last attempts left with a job, and the next ones need. */
export interface Carried {
  /** Times that it was put off: pg-boss (12.35.0) counts each as an attempt. */
  readonly putOff?: number;
  readonly tried?: true;
}

export function carriedBy({ output }: { output: unknown }): Carried {
  const { putOff, tried } = (output ?? {}) as { putOff?: unknown; tried?: unknown };
  return { ...(typeof putOff === 'number' ? { putOff } : {}), ...(tried === true ? { tried } : {}) };
}

/** Seconds, most of them for a job that finds no room again and again: what fills it is slow then. */
const pause = { first: 1, longest: 60 } as const;

/** Seconds until a job that was put off so many times before comes again; by chance up to half of it less. */
export function pauseAfter(putOff: number): number {
  return Math.min(pause.first * 2 ** Math.min(putOff, 10), pause.longest) * (0.5 + Math.random() / 2);
}

/** Seconds of the queue's back-off after this attempt, as pg-boss has it, for a job whose attempts it counts otherwise. */
export function backOffAfter(attempt: number): number {
  return Math.min(jobTiming.retryFirst * 2 ** Math.min(attempt - 1, 10), jobTiming.retryLongest);
}

/**
 * Gives a job back that is to come again after this time. Its attempts stay counted, so that nothing that is said of
 * this one later is taken for the next.
 *
 * @returns false when it was not ours any more, or has no attempt left.
 */
export async function putOff(
  boss: Pick<PgBoss, 'getDb'>,
  job: JobWithMetadata<object>,
  seconds: number,
  output: object,
): Promise<boolean> {
  return giveBackFor(boss.getDb(), job, seconds, output);
}
