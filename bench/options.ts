import { parseArgs } from 'node:util';

export const measurements = ['requests', 'mails', 'delivered', 'resets', 'start', 'growth'] as const;
export type Measurement = (typeof measurements)[number];
const byDefault: readonly Measurement[] = ['requests', 'mails', 'delivered', 'resets', 'start'];

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
  /** For growth: accounts and waiting jobs, the fewest and the most, and what lies between. */
  readonly sizes: { readonly accounts: readonly number[]; readonly jobs: readonly number[] };
  /** A commit that is measured beside this one. */
  readonly against: string | undefined;
  /** The folder for the report; without it, the report is only printed. */
  readonly out: string | undefined;
  /** Only shows that all measurements run; the figures mean nothing. One API and one worker for all, no fsync. */
  readonly isSmoke: boolean;
}

/** When a load ends: after the seconds, or after `calls`, of which `atMost` is the upper limit. */
export function until({ seconds, calls }: Options, atMost = Number.POSITIVE_INFINITY) {
  return calls === undefined ? { seconds } : { amount: Math.min(calls, atMost) };
}

const full = { seconds: 8, calls: undefined, rounds: 5, accounts: 100_000, mails: 2_000, pace: 100 };
const quick = { seconds: 1, calls: undefined, rounds: 2, accounts: 10_000, mails: 300, pace: 100 };
const smoke = { seconds: 0.25, calls: 32, rounds: 1, accounts: 400, mails: 32, pace: 8 };

/** @throws Error that names the option and what it allows. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      accounts: { type: 'string' },
      only: { type: 'string' },
      growth: { type: 'boolean', default: false },
      'most-accounts': { type: 'string', default: '1000000' },
      against: { type: 'string' },
      out: { type: 'string' },
      quick: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
    },
  });
  if (values.quick && values.smoke) throw new Error('--quick, --smoke: one of them');
  const size = values.smoke ? smoke : values.quick ? quick : full;
  const asked = values.only?.split(',').map(measurementOf) ?? (values.growth ? [...byDefault, 'growth'] : byDefault);
  const number = (name: 'seconds' | 'rounds' | 'accounts' | 'most-accounts', most: number) =>
    wholeNumber(name, values[name], most);
  const most = number('most-accounts', 100_000_000) ?? 0;
  return {
    ...size,
    seconds: number('seconds', 3_600) ?? size.seconds,
    rounds: number('rounds', 1_000) ?? size.rounds,
    accounts: number('accounts', 100_000_000) ?? size.accounts,
    only: asked as readonly Measurement[],
    sizes: values.smoke
      ? { accounts: [100, 200], jobs: [32, 64] }
      : { accounts: [10_000, 100_000, most], jobs: [1_000, 1_000_000] },
    against: values.against,
    out: values.out,
    isSmoke: values.smoke,
  };
}

function measurementOf(name: string): Measurement {
  const known = measurements.find((each) => each === name);
  if (!known) throw new Error(`--only: ${JSON.stringify(name)} is none of ${measurements.join(', ')}`);
  return known;
}

function wholeNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= most)) throw new Error(`--${name}: a whole number from 1 to ${most}, not ${text}`);
  return number;
}
