import { parseArgs } from 'node:util';

export const measurements = ['requests', 'mails', 'resets', 'start'] as const;
export type Measurement = (typeof measurements)[number];

export interface Options {
  /** Seconds per measurement. */
  readonly seconds: number;
  /** Calls per measurement, however long they take, instead of `seconds`. */
  readonly calls: number | undefined;
  readonly rounds: number;
  readonly only: readonly Measurement[];
  readonly accounts: number;
  /** Mails that are handed over per measurement. */
  readonly mails: number;
  /** Requests per second while the time to delivery is measured. */
  readonly pace: number;
  /** Only shows that all measurements run; the figures mean nothing. One API and one worker for all, no fsync. */
  readonly isSmoke: boolean;
}

/** When a load ends: after the seconds, or after `calls`, of which `atMost` is the upper limit. */
export function until({ seconds, calls }: Options, atMost = Number.POSITIVE_INFINITY) {
  return calls === undefined ? { seconds } : { amount: Math.min(calls, atMost) };
}

/** @throws Error that names the option and what it allows. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: measurements.join(',') },
      smoke: { type: 'boolean', default: false },
    },
  });
  const only = values.only.split(',').map((name) => {
    const known = measurements.find((each) => each === name);
    if (!known) throw new Error(`--only: ${JSON.stringify(name)} is none of ${measurements.join(', ')}`);
    return known;
  });
  if (values.smoke)
    return { seconds: 0.25, calls: 64, rounds: 1, only, accounts: 400, mails: 60, pace: 20, isSmoke: true };
  return {
    calls: undefined,
    seconds: wholeNumber('--seconds', values.seconds),
    rounds: wholeNumber('--rounds', values.rounds),
    only,
    accounts: 20_000,
    mails: 2_000,
    pace: 50,
    isSmoke: false,
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`${name}: a whole number from 1 to 9999, not ${text}`);
  return Number(text);
}
