/** A limit for a figure, or for the ratio to the other's figure in the same round. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number };

export interface Target {
  readonly name: string;
  /** What the bounds are for. Without `against`, there is only the figure. */
  readonly of: 'figure' | 'ratio';
  /** With whom the figure is compared. */
  readonly against?: string;
  /** What no change may break. A row without it only shows. */
  readonly must?: Bound;
  /** Where it should go. */
  readonly aim?: Bound;
}

const atLeast = (number: number): Bound => ({ atLeast: number });
const atMost = (number: number): Bound => ({ atMost: number });

/** Every row of the report, in its order. */
export const targets = {
  requestsPerSecond: {
    name: 'requests/s',
    against: 'bare Apollo',
    of: 'ratio',
    must: atLeast(0.7),
    aim: atLeast(0.9),
  },
  requestCpu: {
    name: 'CPU ms per request, server, PostgreSQL and Redis',
    against: 'bare Apollo',
    of: 'ratio',
    must: atMost(1.6),
    aim: atMost(1.25),
  },
  requestsToFloor: { name: 'requests/s', against: 'floor', of: 'ratio', aim: atLeast(0.75) },
  serverCpu: {
    name: 'server CPU ms per request',
    against: 'floor',
    of: 'figure',
    must: atMost(0.32),
    aim: atMost(0.22),
  },
  unknownRequests: { name: 'requests/s, unknown addresses', against: 'known addresses', of: 'ratio' },
  mailsPerSecond: {
    name: 'mails/s of one worker',
    against: 'nodemailer',
    of: 'ratio',
    must: atLeast(2),
    aim: atLeast(4),
  },
  mailCpu: { name: 'worker CPU ms per mail', against: 'nodemailer', of: 'ratio' },
  mailBytes: { name: 'kB per mail on the line', against: 'nodemailer', of: 'ratio' },
  unknownMails: {
    name: 'jobs/s of one worker, unknown addresses',
    against: 'known addresses',
    of: 'ratio',
    must: atMost(1),
  },
  deliveredCpu: {
    name: 'all CPU ms from request to delivered mail',
    against: 'better-auth',
    of: 'ratio',
    must: atMost(0.8),
    aim: atMost(0.4),
  },
  deliveredPerSecond: { name: 'requests/s until their mails are delivered', against: 'better-auth', of: 'ratio' },
  delayMiddle: {
    name: "ms from the answer to the relay's 250, p50",
    of: 'figure',
    must: atMost(50),
    aim: atMost(20),
  },
  delaySlow: {
    name: "ms from the answer to the relay's 250, p99",
    of: 'figure',
    must: atMost(500),
    aim: atMost(150),
  },
  resetsPerSecond: {
    name: 'resets/s',
    against: 'two argon2id each, on all cores',
    of: 'ratio',
    must: atLeast(0.95),
    aim: atLeast(0.98),
  },
  resetCpu: {
    name: 'CPU ms per reset beside its hashes, server and PostgreSQL',
    of: 'figure',
    must: atMost(2),
    aim: atMost(1.2),
  },
  resetServerCpu: {
    name: 'CPU ms per reset beside its hashes, server',
    of: 'figure',
    must: atMost(1.5),
    aim: atMost(1),
  },
  requestsBeside: {
    name: 'requests/s while 8 connections reset',
    against: 'without resets',
    of: 'ratio',
    must: atLeast(0.6),
    aim: atLeast(0.75),
  },
  requestsBesideSlow: {
    name: 'p99 ms of a request while 8 connections reset',
    against: 'without resets',
    of: 'ratio',
    must: atMost(2),
    aim: atMost(1.5),
  },
  keyBytes: { name: 'Redis bytes per outstanding key', of: 'figure', must: atMost(250), aim: atMost(190) },
  apiStart: {
    name: 'ms from start to ready, API',
    against: 'bare Apollo',
    of: 'figure',
    must: atMost(700),
    aim: atMost(450),
  },
  workerStart: { name: 'ms from start to ready, worker', of: 'figure' },
  apiIdle: { name: 'MiB idle, API', against: 'bare Apollo', of: 'figure', must: atMost(130), aim: atMost(100) },
  workerIdle: { name: 'MiB idle, worker', of: 'figure', must: atMost(130), aim: atMost(100) },
  apiLoaded: {
    name: 'MiB after the load, API',
    against: 'bare Apollo',
    of: 'figure',
    must: atMost(220),
    aim: atMost(180),
  },
  workerLoaded: { name: 'MiB after the load, worker', of: 'figure', must: atMost(220), aim: atMost(180) },
  manyAccounts: {
    name: 'ms of a request, p50, with the most accounts',
    against: 'the fewest',
    of: 'ratio',
    must: atMost(1.1),
    aim: atMost(1.03),
  },
  manyAccountsMails: {
    name: 'ms per mail handed over, with the most accounts',
    against: 'the fewest',
    of: 'ratio',
    must: atMost(1.1),
    aim: atMost(1.03),
  },
  manyJobs: {
    name: 'ms per mail handed over, with the most jobs waiting',
    against: 'the fewest',
    of: 'ratio',
    must: atMost(1.1),
    aim: atMost(1.03),
  },
} as const satisfies Record<string, Target>;
export type RowName = keyof typeof targets;

/** Targets that other commands measure. */
export const elsewhere = [
  'Known against unknown addresses, by the time of an answer: `npm run timing`.',
  'Ten times more calls than can be answered: `npm run flood` tests it; an open-loop figure is not measured yet.',
] as const;

/** `≥ 0.7`. */
export function shownBound(bound: Bound): string {
  return 'atLeast' in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`;
}

export function keeps(bound: Bound, number: number): boolean {
  return 'atLeast' in bound ? number >= bound.atLeast : number <= bound.atMost;
}
