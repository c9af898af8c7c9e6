import { ratios, spreadOf } from './figures.js';
import { keeps, type RowName, type Target, targets } from './targets.js';

/** What a measurement found for a row: a number per round. */
export interface Measured {
  readonly row: RowName;
  readonly ours: readonly number[];
  /** What the one that the row compares with did in the same rounds. */
  readonly other?: readonly number[];
  /** The same figure of the commit that `--against` names. */
  readonly before?: readonly number[];
}

/** Says why a row could not be measured although it was asked for. */
export interface NotShown {
  readonly row: RowName;
  readonly why: string;
}

/**
 * `aim` and `must`: what it keeps. `missed`: less than must. `not shown`: could not be measured. `not asked`: the options
 * left it out. `shown`: has no must, and no aim that it keeps.
 */
export type Verdict = 'aim' | 'must' | 'missed' | 'not shown' | 'not asked' | 'shown';

export interface Row {
  readonly key: RowName;
  readonly target: Target;
  readonly verdict: Verdict;
  /** Whether each round alone gives the same verdict about the must. */
  readonly isClear: boolean;
  readonly ours: readonly number[];
  readonly other: readonly number[];
  readonly before: readonly number[];
  /** Ours divided by the other's, in each round. */
  readonly ratio: readonly number[];
  readonly why?: string;
}

/** Every row of the report, with its verdict: measured, not shown, or not asked. */
export function rowsOf(found: readonly (Measured | NotShown)[]): Row[] {
  return (Object.keys(targets) as RowName[]).map((key) =>
    rowOf(
      key,
      found.find(({ row }) => row === key),
    ),
  );
}

function rowOf(key: RowName, found: Measured | NotShown | undefined): Row {
  const target: Target = targets[key];
  const nothing = { key, target, isClear: true, ours: [], other: [], before: [], ratio: [] };
  if (!found) return { ...nothing, verdict: 'not asked' };
  if ('why' in found) return { ...nothing, verdict: 'not shown', why: found.why };
  const { ours, other = [], before = [] } = found;
  const ratio = other.length > 0 ? ratios(ours, other) : [];
  const judged = target.of === 'ratio' ? ratio : ours;
  const { verdict, isClear } = judge(target, judged);
  return { key, target, verdict, isClear, ours, other, before, ratio };
}

/** Judges by the median of the rounds. Numbers that are none keep no bound. */
export function judge(target: Target, numbers: readonly number[]): { verdict: Verdict; isClear: boolean } {
  if (!target.must && !target.aim) return { verdict: 'shown', isClear: true };
  if (numbers.length === 0) return { verdict: 'not shown', isClear: true };
  const { median } = spreadOf(numbers);
  const { must, aim } = target;
  const isClear = must ? numbers.every((number) => keeps(must, number) === keeps(must, median)) : true;
  if (must && !keeps(must, median)) return { verdict: 'missed', isClear };
  if (aim && keeps(aim, median)) return { verdict: 'aim', isClear };
  return { verdict: must ? 'must' : 'shown', isClear };
}

/** How the run ends: 0 every must that was asked for holds, 2 one is missed, 3 none is missed but one is not shown. */
export function exitCodeOf(rows: readonly Row[]): 0 | 2 | 3 {
  if (rows.some(({ verdict }) => verdict === 'missed')) return 2;
  return rows.some(({ verdict, target }) => verdict === 'not shown' && target.must) ? 3 : 0;
}

/** CPU milliseconds of each process for one unit of work. */
export type Cpu = Readonly<Partial<Record<'server' | 'worker' | 'PostgreSQL' | 'Redis', number>>>;

/** Who spent how much CPU on what: one entry per round. */
export interface Spent {
  readonly who: string;
  /** One of what is counted, for example `request`. */
  readonly unit: string;
  readonly rounds: readonly Cpu[];
}

export const spentOn = (cpu: Cpu) => Object.values(cpu).reduce((sum, part) => sum + part, 0);

/** A figure by the size of a table: a number per round for each size. */
export interface Growth {
  readonly name: string;
  readonly by: string;
  readonly points: readonly { readonly size: number; readonly figures: readonly number[] }[];
}

/** What a measurement brings. */
export interface Found {
  readonly rows: readonly (Measured | NotShown)[];
  readonly spent: readonly Spent[];
  readonly growth?: readonly Growth[];
}
