import type { JobWithMetadata, PgBoss } from 'pg-boss';
import { jobTiming } from './queue/definition.js';
import type { QueueTables } from './queue/tables.js';

/** Facts that earlier attempts wrote to the job's output, for later attempts. */
export interface Carried {
  /** How often the job was put off; pg-boss (12.35.0) counts each time as an attempt. */
  readonly putOff?: number;
  readonly tried?: true;
}

/** Reads these facts from a job's output. */
export function carriedBy({ output }: { output: unknown }): Carried {
  const { putOff, tried } = (output ?? {}) as { putOff?: unknown; tried?: unknown };
  return { ...(typeof putOff === 'number' ? { putOff } : {}), ...(tried === true ? { tried } : {}) };
}

/**
 * Seconds; the pause grows for a job that finds no place again and again, because the mails that hold them are slow.
 */
const pause = { first: 1, longest: 60 } as const;

/** Seconds until the next attempt of a job that was put off `putOff` times before; random, between half and whole. */
export function pauseAfter(putOff: number): number {
  return Math.min(pause.first * 2 ** Math.min(putOff, 10), pause.longest) * (0.5 + Math.random() / 2);
}

/** Seconds of pg-boss's back-off after this attempt, jitter included, without the times that the job was put off. */
export function backOffAfter(attempt: number): number {
  return Math.min(jobTiming.retryFirst * 2 ** Math.min(attempt - 1, 10) * (1 + Math.random()), jobTiming.retryLongest);
}

/**
 * Puts a job back for an attempt after this time. The count of attempts stays as it is, so that a late settlement of
 * this attempt is not taken for one of the next.
 *
 * @returns false if this attempt lost its lease, if no attempt is left, or if the database did not do it. The caller then
 * leaves the job to pg-boss: a lost database is no fault of the job.
 */
export async function putOff(
  boss: Pick<PgBoss, 'getDb'>,
  tables: QueueTables,
  job: JobWithMetadata<object>,
  seconds: number,
  output: object,
): Promise<boolean> {
  return tables.giveBackFor(boss.getDb(), job, seconds, output).catch(() => false);
}
