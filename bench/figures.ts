/** One row of the table: a number per round, and what the floor did in the same round. */
export interface Figure {
  readonly name: string;
  readonly ours: readonly number[];
  readonly floor?: readonly number[];
  readonly target?: string;
}

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

/**
 * The figures as a Markdown table. Ratios are taken within each round, because only measurements that are seconds apart
 * can be compared.
 */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, ours, floor, target }) => {
    const ratios = floor?.map((number, round) => (ours[round] ?? Number.NaN) / number);
    return [name, spread(ours), floor ? spread(floor) : '', ratios ? spread(ratios) : '', target ?? ''];
  });
  const head = ['figure', 'ours', 'floor', 'ratio, median [min–max]', 'target: must; aim'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function spread(numbers: readonly number[]): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return numbers.length > 1 ? `${shown(median(numbers))} [${shown(least)}–${shown(most)}]` : shown(median(numbers));
}

/** Three significant digits; whole numbers are not shortened. */
function shown(number: number): string {
  return Math.abs(number) >= 100 ? number.toFixed(0) : String(Number(number.toPrecision(3)));
}
