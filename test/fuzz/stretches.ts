import fc from 'fast-check';
import { Finding, type Fuzzer, type Opening, type Target } from './fuzzer.js';

/** A broken promise, with the smallest case that shrinking came to. */
export interface Found {
  readonly why: string;
  readonly case: unknown;
  /** Seed of the stretch; the command with this seed and `--cases 500` finds it again. */
  readonly seed: number;
}

/** What came of a fuzzer's cases. */
export interface Report {
  readonly name: string;
  readonly cases: number;
  /** How often each kind of result came. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly findings: readonly Found[];
}

export interface Size {
  readonly cases: number;
  readonly seed: number;
  /** Milliseconds that shrinking one finding may take. */
  readonly shrinking?: number;
}

/** Cases between two honest calls; each stretch has a seed of its own, so that one finding does not end the run. */
export const stretchLength = 500;

/** Runs the cases of a fuzzer against a target of its own. */
export async function fuzz<Case>(fuzzer: Fuzzer<Case>, size: Size, opening: Opening = { measured: false }) {
  const target = await fuzzer.open(opening);
  try {
    return await inStretches(fuzzer, target, size);
  } finally {
    await target.close();
  }
}

/** Runs the cases in stretches, whose seeds are the numbers from `seed` on. */
export async function inStretches<Case>(
  { name, cases }: Pick<Fuzzer<Case>, 'name' | 'cases'>,
  target: Target<Case>,
  size: Size,
): Promise<Report> {
  const kinds: Record<string, number> = {};
  const findings: Found[] = [];
  let done = 0;
  for (let seed = size.seed; done < size.cases; seed++) {
    const numRuns = Math.min(stretchLength, size.cases - done);
    const stretch = await check(cases, target, kinds, { seed, numRuns, shrinking: size.shrinking ?? 60_000 });
    done += numRuns;
    if (stretch) findings.push(stretch);
    const why = await target.rest?.().then(undefined, messageOf);
    if (why) findings.push({ why: `after the stretch: ${why}`, case: null, seed });
  }
  const why = await target.finish?.().then(undefined, messageOf);
  if (why) findings.push({ why: `at the end: ${why}`, case: null, seed: size.seed });
  return { name, cases: done, kinds, findings };
}

async function check<Case>(
  cases: fc.Arbitrary<Case>,
  target: Target<Case>,
  kinds: Record<string, number>,
  { seed, numRuns, shrinking }: { seed: number; numRuns: number; shrinking: number },
): Promise<Found | undefined> {
  let end: number | undefined;
  const property = fc.asyncProperty(cases, async (each) => {
    // Shrinking ends by saying that the smaller cases hold, so that the smallest one that failed is reported.
    if (end !== undefined && Date.now() > end) return;
    try {
      const kind = await target.judge(each);
      if (end === undefined) kinds[kind] = (kinds[kind] ?? 0) + 1;
    } catch (error) {
      end ??= Date.now() + shrinking;
      throw error;
    }
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns });
  return failed ? { why: messageOf(errorInstance), case: counterexample?.[0] ?? null, seed } : undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof Finding) return error.message;
  return `another error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
