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

export interface PairedDifference {
  /** The median of the differences within the pairs. */
  readonly middle: number;
  /** The size of the difference is below this, with 95 % confidence. */
  readonly bound: number;
  /** Whether the difference is not zero, with 99.8 % confidence. */
  readonly isFound: boolean;
}

/**
 * How much longer one side took than the other. Calls of a pair follow each other, so what slows the machine for more
 * than a moment slows both, and does not count. The confidence is that of a bootstrap over the pairs.
 */
export function difference({ one, other }: Sides, rounds = 1_000): PairedDifference {
  const differences = one.map((time, index) => time - (other[index] ?? 0));
  const draw = () => median(differences.map(() => differences[Math.floor(Math.random() * differences.length)] ?? 0));
  const drawn = Array.from({ length: rounds }, draw).sort((a, b) => a - b);
  const at = (share: number) => drawn[Math.min(rounds - 1, Math.floor(share * rounds))] ?? 0;
  return {
    middle: median(differences),
    bound: Math.max(-at(0.025), at(0.975)),
    isFound: at(0.001) > 0 || at(0.999) < 0,
  };
}
