import { median, shown, shownSpread, spreadOf } from './figures.js';
import { type Cpu, exitCodeOf, type Growth, type Row, type Spent, spentOn } from './rows.js';
import { elsewhere, shownBound } from './targets.js';

/** All that one run found. */
export interface Report {
  /** Machine, versions and sizes, as text. */
  readonly setUp: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  readonly spent: readonly Spent[];
  /** A figure by size, for plots. */
  readonly growth: readonly Growth[];
}

const processes = ['server', 'worker', 'PostgreSQL', 'Redis'] as const satisfies readonly (keyof Cpu)[];

/** The report as Markdown. */
export function markdownOf(report: Report): string {
  const { setUp, rows, spent, growth } = report;
  const hasBefore = rows.some(({ before }) => before.length > 0);
  const head = ['figure', 'ours', 'compared with', 'its figure', 'ratio', 'must', 'aim', 'verdict'];
  const parts = [
    Object.values(setUp).join('; '),
    '## Rows\n\nMedian of the rounds [least–most]; ratios are taken within each round.',
    tableOf(head, rows.map(cellsOf)),
    endOf(rows),
    elsewhere.map((line) => `- ${line}`).join('\n'),
  ];
  if (hasBefore) parts.push('## Against the other commit', beforeTable(rows));
  if (spent.length > 0) parts.push('## CPU milliseconds by process', spentTable(spent));
  if (growth.length > 0) parts.push('## Growth', growthTable(growth));
  return `${parts.join('\n\n')}\n`;
}

/** The report as JSON, for programs: every number of every round, and the exit code. */
export function jsonOf(report: Report): string {
  const rows = report.rows.map(({ key, target, ...row }) => ({
    key,
    name: target.name,
    against: target.against ?? null,
    judged: target.of,
    must: target.must ?? null,
    aim: target.aim ?? null,
    ...row,
    median: row.ours.length > 0 ? spreadOf(row.ours) : null,
    medianRatio: row.ratio.length > 0 ? spreadOf(row.ratio) : null,
  }));
  return `${JSON.stringify({ ...report, rows, exitCode: exitCodeOf(report.rows) }, null, 2)}\n`;
}

function cellsOf({ target, verdict, isClear, ours, other, ratio, why }: Row): string[] {
  const { name, against = '', must, aim } = target;
  const numbers = (all: readonly number[]) => (all.length > 0 ? shownSpread(all) : '');
  const said = `${verdict}${isClear ? '' : ', not in every round'}${why ? `: ${why}` : ''}`;
  const bound = (each: typeof must) => (each ? shownBound(each) : '');
  return [name, numbers(ours), against, numbers(other), numbers(ratio), bound(must), bound(aim), said];
}

function endOf(rows: readonly Row[]): string {
  const count = (verdict: Row['verdict']) => rows.filter((row) => row.verdict === verdict && row.target.must).length;
  const held = count('aim') + count('must');
  return `Of the targets that must hold, ${held} hold, ${count('missed')} are missed, ${count('not shown')} are not shown, ${count('not asked')} were not asked for.`;
}

function beforeTable(rows: readonly Row[]): string {
  const compared = rows.filter(({ before }) => before.length > 0);
  return tableOf(
    ['figure', 'now', 'before', 'ratio'],
    compared.map(({ target, ours, before }) => {
      const ratio = ours.map((number, round) => number / (before[round] ?? Number.NaN));
      return [target.name, shownSpread(ours), shownSpread(before), shownSpread(ratio)];
    }),
  );
}

function spentTable(spent: readonly Spent[]): string {
  return tableOf(
    ['who', 'for each', ...processes, 'all'],
    spent.map(({ who, unit, rounds }) => [
      who,
      unit,
      ...processes.map((process) => {
        const numbers = rounds.flatMap((cpu) => cpu[process] ?? []);
        return numbers.length > 0 ? shown(median(numbers)) : '–';
      }),
      shownSpread(rounds.map(spentOn)),
    ]),
  );
}

function growthTable(growth: readonly Growth[]): string {
  return tableOf(
    ['figure', 'by', 'size', 'median [least–most]'],
    growth.flatMap(({ name, by, points }) =>
      points.map(({ size, figures }) => [name, by, size.toLocaleString('en'), shownSpread(figures)]),
    ),
  );
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
