/** The times of two kinds of call, measured in turn, in milliseconds. */
export interface Sides {
  readonly one: readonly number[];
  readonly other: readonly number[];
}

/**
 * How often a guess by time is right: the probability that a value of one side is greater than a value of the other,
 * for the better of the two directions. 0.5 is no better than a coin.
 */
export function auc({ one, other }: Sides): number {
  let wins = 0;
  for (const a of one) for (const b of other) wins += a > b ? 1 : a === b ? 0.5 : 0;
  const share = wins / (one.length * other.length);
  return Math.max(share, 1 - share);
}

/** Without a difference, `auc` stays below this in 95 of 100 runs (Mann-Whitney, two-sided). */
export function chanceAuc({ one, other }: Sides): number {
  return 0.5 + 1.96 * Math.sqrt((one.length + other.length + 1) / (12 * one.length * other.length));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The difference of the medians, and the bound of its size with 95 % confidence (bootstrap). */
export function difference(sides: Sides, rounds = 500): { readonly medians: number; readonly bound: number } {
  const draw = (values: readonly number[]) =>
    median(values.map(() => values[Math.floor(Math.random() * values.length)] ?? 0));
  const drawn = Array.from({ length: rounds }, () => Math.abs(draw(sides.one) - draw(sides.other))).sort(
    (a, b) => a - b,
  );
  return { medians: median(sides.one) - median(sides.other), bound: drawn[Math.floor(rounds * 0.95)] ?? 0 };
}
