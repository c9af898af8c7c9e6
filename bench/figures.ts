/** The middle of the numbers, or the mean of the two in the middle; `NaN` of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** @param share from 0 to 1. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Numbers of several rounds in short. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(numbers: readonly number[]): Spread {
  return { median: median(numbers), least: Math.min(...numbers), most: Math.max(...numbers) };
}

/**
 * The quotients of each round: only measurements that are seconds apart can be compared, so the ratio of the medians is
 * none.
 *
 * @throws Error when one has more rounds than the other.
 */
export function ratios(ours: readonly number[], others: readonly number[]): number[] {
  if (ours.length !== others.length) throw new Error(`${ours.length} rounds cannot be divided by ${others.length}`);
  return ours.map((number, round) => number / (others[round] ?? Number.NaN));
}

/** `median [least–most]`, or the number alone. */
export function shownSpread(numbers: readonly number[]): string {
  const { median, least, most } = spreadOf(numbers);
  return numbers.length > 1 ? `${shown(median)} [${shown(least)}–${shown(most)}]` : shown(median);
}

/** Three significant digits; whole numbers are not shortened. */
export function shown(number: number): string {
  return Math.abs(number) >= 100 ? number.toFixed(0) : String(Number(number.toPrecision(3)));
}
