import { median, shown, spreadOf } from './figures.js';
import type { Report } from './report.js';
import { type Cpu, type Growth, type Row, type Spent, spentOn } from './rows.js';
import { dot, line, rect, svg, text } from './svg.js';
import { type Bound, shownBound } from './targets.js';

const width = 900;
/** For long names. */
const widest = 950;
const top = 40;
const rowHeight = 24;
const colours = { server: '#2f6db3', worker: '#62a8dd', PostgreSQL: '#e08a2e', Redis: '#b5473c' } as const;
const verdictColours: Partial<Record<Row['verdict'], string>> = { aim: '#1b7f4b', must: '#b07d12', missed: '#b3261e' };

/** The plots of a report, by the names of their files. There is none of what was not measured. */
export function plotsOf({ rows, spent, growth }: Report): Record<string, string> {
  const plots: Record<string, string> = {};
  const judged = rows.filter(isPlotted);
  if (judged.length > 0) plots['targets.svg'] = targetsPlot(judged);
  if (spent.length > 0) plots['cpu.svg'] = cpuPlot(spent);
  for (const each of growth) {
    const name = `growth ${each.name} by ${each.by}`.toLowerCase().replaceAll(/[^a-z\d]+/g, '-');
    plots[`${name}.svg`] = growthPlot(each);
  }
  return plots;
}

function isPlotted({ verdict, target, ours, ratio }: Row): boolean {
  const judged = target.of === 'ratio' ? ratio : ours;
  return target.must !== undefined && verdict in verdictColours && judged.every((number) => number > 0);
}

/** How many times a figure is as good as its bound: above 1 it keeps it. */
function asGoodAs(bound: Bound, number: number): number {
  return 'atLeast' in bound ? number / bound.atLeast : bound.atMost / number;
}

/** Every row as a multiple of its must, on a scale of powers of two from 1/8 to 8; what lies beyond is at its end. */
function targetsPlot(rows: readonly Row[]): string {
  const [left, right, ends] = [480, widest - 130, 3];
  const x = (multiple: number) => {
    const power = Math.max(-ends, Math.min(ends, Math.log2(multiple)));
    return left + ((power + ends) / (2 * ends)) * (right - left);
  };
  const height = top + rows.length * rowHeight + 40;
  const bottom = height - 36;
  const axis = [-3, -2, -1, 0, 1, 2, 3].flatMap((power) => [
    line(x(2 ** power), top, x(2 ** power), bottom, power === 0 ? '#222222' : '#dddddd'),
    text(x(2 ** power), bottom + 16, power < 0 ? `1/${2 ** -power}` : `${2 ** power}`, { anchor: 'middle' }),
  ]);
  const marks = rows.flatMap(({ target, verdict, ours, ratio }, index) => {
    const { must, aim } = target;
    if (!must) return [];
    const { median, least, most } = spreadOf(target.of === 'ratio' ? ratio : ours);
    const y = top + (index + 0.5) * rowHeight;
    const name = target.of === 'ratio' ? `${target.name}, against ${target.against}` : target.name;
    const goal = aim ? x(asGoodAs(must, 'atLeast' in aim ? aim.atLeast : aim.atMost)) : undefined;
    return [
      text(left - 10, y + 4, shortened(name), { anchor: 'end' }),
      ...(goal === undefined ? [] : [line(goal, y - 8, goal, y + 8, '#1b7f4b')]),
      line(x(asGoodAs(must, least)), y, x(asGoodAs(must, most)), y),
      dot(x(asGoodAs(must, median)), y, verdictColours[verdict] ?? '#444444'),
      text(right + 10, y + 4, `${verdict}: ${shown(median)} (${shownBound(must)})`),
    ];
  });
  const title = 'Each row as a multiple of its must (1); right is better; the short line is the aim';
  return svg(widest, height, title, [...axis, ...marks]);
}

/** CPU of each process, stacked; each unit of work has a scale of its own. */
function cpuPlot(spent: readonly Spent[]): string {
  const [left, right] = [330, width - 90];
  const processes = Object.keys(colours) as (keyof Cpu)[];
  const most = (unit: string) =>
    Math.max(...spent.filter((each) => each.unit === unit).map(({ rounds }) => median(rounds.map(spentOn))));
  const bars = spent.flatMap(({ who, unit, rounds }, index) => {
    const y = top + 24 + index * rowHeight;
    const scale = (right - left) / (most(unit) || 1);
    let x = left;
    const parts = processes.map((process) => {
      const length = median(rounds.map((cpu) => cpu[process] ?? 0)) * scale;
      x += length;
      return rect(x - length, y - 14, length, rowHeight - 6, colours[process]);
    });
    const sum = `${shown(median(rounds.map(spentOn)))} ms`;
    return [text(left - 10, y, `${who}, ${unit}`, { anchor: 'end' }), ...parts, text(x + 6, y, sum)];
  });
  const y = top + 24 + spent.length * rowHeight + 14;
  const legend = processes.flatMap((process, index) => [
    rect(left + index * 120, y - 10, 12, 12, colours[process]),
    text(left + index * 120 + 18, y, process),
  ]);
  return svg(width, y + 20, 'CPU milliseconds by process, for one', [...bars, ...legend]);
}

/** The median by size on a scale of powers of ten, with the least and the most; the figures begin at 0. */
function growthPlot({ name, by, points }: Growth): string {
  const [left, right, bottom] = [70, width - 70, 320];
  const sizes = points.map(({ size }) => Math.log10(size));
  const [first, last] = [Math.min(...sizes), Math.max(...sizes)];
  const highest = Math.max(...points.flatMap(({ figures }) => figures)) || 1;
  const x = (size: number) => left + ((Math.log10(size) - first) / (last - first || 1)) * (right - left);
  const y = (figure: number) => bottom - (figure / highest) * (bottom - top - 20);
  const marks = points.flatMap(({ size, figures }, index) => {
    const { median: middle, least, most } = spreadOf(figures);
    const next = points[index + 1];
    return [
      ...(next ? [line(x(size), y(middle), x(next.size), y(median(next.figures)), colours.server)] : []),
      line(x(size), y(least), x(size), y(most)),
      dot(x(size), y(middle), colours.server),
      text(x(size), y(middle) - 12, shown(middle), { anchor: 'middle' }),
      text(x(size), bottom + 18, size.toLocaleString('en'), { anchor: 'middle' }),
    ];
  });
  const axes = [line(left - 20, bottom, right + 20, bottom), text((left + right) / 2, bottom + 38, by)];
  return svg(width, bottom + 60, `${name}, by ${by}`, [...axes, ...marks]);
}

/** Fits beside the scale. */
function shortened(name: string): string {
  return name.length <= 76 ? name : `${name.slice(0, 75)}…`;
}
