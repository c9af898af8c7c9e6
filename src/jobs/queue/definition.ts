/** A queue: its name, and the type of its jobs' data. Names are stored in the database: never rename a queue. */
export interface QueueDefinition<Data extends object> {
  readonly name: string;
  /** Classes (priorities) of jobs, highest first; without them every job has priority 0. */
  readonly classes?: readonly number[];
  /** Attempts of a job at most, where the handler's deadline allows more than the usual number. */
  readonly retryLimit?: number;
  /** Never read; ties the data's type to the definition. */
  readonly data?: Data;
}

/** Seconds. */
export const jobTiming = {
  /** A worker that sends no heartbeat for this long has lost its jobs. */
  heartbeat: 30,
  /** The lease: longer than all timeouts that one attempt can run into, which is asserted at start. */
  lease: 120,
  /** How often lost leases are looked for. */
  monitor: 5,
  /** Finished rows are erased after a day. */
  keepFinished: 86_400,
  keepDead: 14 * 86_400,
  /** First, and longest, pause between attempts; doubles in between, with jitter. */
  retryFirst: 5,
  retryLongest: 300,
} as const;

/** A job is given up by its handler's deadline, not by a count; this count is only the last resort (about 7 days). */
export const retryLimit = 2_000;
export const deadLetterQueue = (name: string) => `${name}-dead`;
