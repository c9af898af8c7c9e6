import type { Sides } from './figures.js';

/** How far a quantile of one side lies above that of the other, and the standard error of that: milliseconds. */
export interface QuantileDifference {
  readonly quantile: number;
  readonly difference: number;
  readonly error: number;
}

export type Equivalence = 'within' | 'beyond' | 'undecided';

/** Enough that the mean of their differences is nearly normal. */
const blocks = 40;
/** Of Student's distribution with 39 degrees of freedom, two-sided: 95 % and 99.9 %. */
const student = { usual: 2.023, sure: 3.558 } as const;

/**
 * By consecutive blocks of pairs, so that a machine that grows slower in the course of a run widens the interval and
 * shifts nothing: the difference in each block, their mean, and the mean's interval.
 */
export function quantileDifferences({ one, other }: Sides, quantiles = [0.1, 0.5, 0.9]): QuantileDifference[] {
  const size = Math.floor(Math.min(one.length, other.length) / blocks);
  if (size < 5) throw new RangeError(`${blocks * 5} pairs are the least`);
  const cut = (values: readonly number[]) =>
    Array.from({ length: blocks }, (_, index) => values.slice(index * size, (index + 1) * size).sort((a, b) => a - b));
  const [ones, others] = [cut(one), cut(other)];
  return quantiles.map((quantile) => {
    const at = Math.min(size - 1, Math.floor(quantile * size));
    const differences = ones.map((block, index) => (block[at] ?? 0) - (others[index]?.[at] ?? 0));
    const mean = differences.reduce((sum, each) => sum + each, 0) / blocks;
    const variance = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (blocks - 1);
    return { quantile, difference: mean, error: Math.sqrt(variance / blocks) };
  });
}

/** Where the difference lies with 95 % confidence. */
export function interval({ difference, error }: QuantileDifference): readonly [from: number, to: number] {
  return [difference - student.usual * error, difference + student.usual * error];
}

/**
 * Within the bound only if the whole interval is. Beyond it only if that of 99.9 % is: a run asks a dozen times, and one
 * alarm in twenty for nothing would be believed by nobody.
 */
export function equivalence({ difference, error }: QuantileDifference, bound: number): Equivalence {
  const size = Math.abs(difference);
  if (size + student.usual * error <= bound) return 'within';
  return size - student.sure * error > bound ? 'beyond' : 'undecided';
}
