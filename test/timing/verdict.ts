import { chanceAuc, median, type Sides } from './figures.js';
import type { Observed } from './oracle-attack.js';
import type { Trials } from './worker-trials.js';

/** The highest AUC that counts as no leak; a coin has 0.5. */
export const mostAuc = 0.55;

export interface Verdict {
  readonly n: number;
  /** The statistic with the highest AUC. Its AUC is above 0.5 even by chance, because it is chosen afterwards. */
  readonly best: string;
  readonly bestAuc: number;
  /** The AUC on one half of the trials of the statistic and direction that the other half chose; mean of both ways. */
  readonly auc: number;
  /** The 95 % confidence interval of `auc`. */
  readonly from: number;
  readonly to: number;
  /** Without a leak, the AUC of one statistic stays below this in 95 of 100 runs. */
  readonly chance: number;
  readonly medians: Readonly<Record<'known' | 'unknown', number>>;
  readonly says: 'leak' | 'none' | 'undecided';
}

/** @param trials equally many of both sides; trials with the same index were made as a pair. */
export function verdict(trials: Trials): Verdict {
  const n = trials.known.length;
  const even = half(trials, 0);
  const odd = half(trials, 1);
  const auc = (judged(choose(even), odd) + judged(choose(odd), even)) / 2;
  const best = choose(trials);
  const sides = sidesOf(trials, best.name);
  const chance = chanceAuc(sides);
  const width = chance - 0.5;
  const [from, to] = [Math.max(0, auc - width), Math.min(1, auc + width)];
  const says = from > mostAuc ? 'leak' : auc <= mostAuc ? 'none' : 'undecided';
  const medians = { known: median(sides.one), unknown: median(sides.other) };
  return { n, best: best.name, bestAuc: judged(best, trials), auc, from, to, chance, medians, says };
}

/** The verdict in words, and how many trials may decide what these cannot. */
export function inWords({ says, auc, from, to, n }: Verdict): string {
  const interval = `[${from.toFixed(3)}, ${to.toFixed(3)}]`;
  if (says === 'leak') return `LEAK: even the lower limit of ${interval} is above ${mostAuc}`;
  const enough = Math.ceil(1 / 6 / (Math.max(0.005, Math.abs(auc - mostAuc)) / 1.96) ** 2);
  if (says === 'undecided') return `undecided: ${interval} holds ${mostAuc}; ${enough} trials may tell`;
  if (to <= mostAuc) return `no leak: even the upper limit of ${interval} is not above ${mostAuc}`;
  return `no leak seen; n = ${n} excludes an AUC above ${to.toFixed(3)} only, ${enough} trials may exclude ${mostAuc}`;
}

interface Choice {
  readonly name: string;
  readonly isLonger: boolean;
}

function choose(trials: Trials): Choice {
  const names = Object.keys(trials.known[0] ?? {});
  const choices = names.flatMap((name) => [true, false].map((isLonger) => ({ name, isLonger })));
  return choices.reduce((best, each) => (judged(each, trials) > judged(best, trials) ? each : best));
}

/** The share of all pairs in which the known one took longer (or shorter, as the choice says) than the unknown one. */
function judged({ name, isLonger }: Choice, trials: Trials): number {
  const { one, other } = sidesOf(trials, name);
  let wins = 0;
  for (const a of one) for (const b of other) wins += a > b ? 1 : a === b ? 0.5 : 0;
  const share = wins / (one.length * other.length);
  return isLonger ? share : 1 - share;
}

function sidesOf({ known, unknown }: Trials, name: string): Sides {
  const of = (all: readonly Observed[]) => all.map((each) => each[name] ?? 0);
  return { one: of(known), other: of(unknown) };
}

function half({ known, unknown }: Trials, rest: 0 | 1): Trials {
  const of = (all: readonly Observed[]) => all.filter((_, index) => index % 2 === rest);
  return { known: of(known), unknown: of(unknown) };
}
