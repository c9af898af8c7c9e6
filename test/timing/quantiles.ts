import type { Sides } from './figures.js';

/** How far a quantile of one side is above that of the other, and the standard error of this, in milliseconds. */
export interface QuantileDifference {
  readonly quantile: number;
  readonly difference: number;
  readonly error: number;
}

export type Equivalence = 'within' | 'beyond' | 'undecided';

/** So many blocks that the mean of their differences is nearly normally distributed. */
const blocks = 40;
/** Critical values of Student's t with 39 degrees of freedom, two-sided: 95 % and 99.9 %. */
const student = { usual: 2.023, sure: 3.558 } as const;

/**
 * The mean of the differences in consecutive blocks of pairs, with its standard error. A machine that gets slower
 * during a run thus widens the interval, but does not shift it. @throws RangeError when there are fewer than 200 pairs.
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

/**
 * The median of the differences within the pairs. Calls of a pair follow each other, so this sees a shift that all calls of
 * one side have far sooner than the difference of the medians does; but it sees nothing that only the slowest calls have.
 * Its error is that of the order statistics around it (a binomial distribution, whatever the times are distributed like).
 */
export function pairedDifference({ one, other }: Sides): QuantileDifference {
  const differences = one.map((time, index) => time - (other[index] ?? 0)).sort((a, b) => a - b);
  const [middle, reach] = [(differences.length - 1) / 2, (student.usual * Math.sqrt(differences.length)) / 2];
  const at = (place: number) => differences[Math.min(differences.length - 1, Math.max(0, Math.round(place)))] ?? 0;
  const error = (at(middle + reach) - at(middle - reach)) / (2 * student.usual);
  return { quantile: 0.5, difference: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, error };
}

/** The 95 % confidence interval of the difference. */
export function interval({ difference, error }: QuantileDifference): readonly [from: number, to: number] {
  return [difference - student.usual * error, difference + student.usual * error];
}

/**
 * `within` only if the whole 95 % interval is within the bound; `beyond` only if the whole 99.9 % interval is beyond
 * it: a run makes a dozen such tests, and at 95 % one in twenty would be a false alarm.
 */
export function equivalence({ difference, error }: QuantileDifference, bound: number): Equivalence {
  const size = Math.abs(difference);
  if (size + student.usual * error <= bound) return 'within';
  return size - student.sure * error > bound ? 'beyond' : 'undecided';
}

/** Whether the difference is surely not zero: the whole 99.9 % interval is on one side of it. */
export function isFound({ difference, error }: QuantileDifference): boolean {
  return Math.abs(difference) > student.sure * error;
}
