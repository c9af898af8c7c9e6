import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, percentile, ratios } from '../../bench/figures.js';
import { jsonOf, markdownOf, type Report } from '../../bench/report.js';
import { exitCodeOf, judge, type Measured, type NotShown, rowsOf, spentOn } from '../../bench/rows.js';
import { type RowName, type Target, targets } from '../../bench/targets.js';

const names = Object.keys(targets) as RowName[];

/** Three rounds that are as good as the aim, or as the must; without either, 1. */
function good(row: RowName): Measured {
  const target: Target = targets[row];
  const bound = target.aim ?? target.must ?? { atLeast: 1 };
  const figure = 'atLeast' in bound ? bound.atLeast : bound.atMost;
  return { row, ours: [figure, figure, figure], ...(target.against ? { other: [1, 1, 1] } : {}) };
}
/** The same with the figure of a row on the wrong side of its must. */
function goodBut(wrong: RowName): Measured[] {
  const { must }: Target = targets[wrong];
  const figure = must === undefined ? Number.NaN : 'atLeast' in must ? must.atLeast * 0.99 : must.atMost * 1.01;
  return names.map((row) => (row === wrong ? { ...good(row), ours: [figure, figure, figure] } : good(row)));
}
const verdictsOf = (found: readonly (Measured | NotShown)[]) =>
  Object.fromEntries(rowsOf(found).map(({ key, verdict }) => [key, verdict]));

describe('a run', () => {
  it('holds if each row keeps its must', () => {
    const rows = rowsOf(names.map(good));
    expect(rows.filter(({ target }) => target.aim).map(({ verdict }) => verdict)).not.toContain('must');
    expect(exitCodeOf(rows)).toBe(0);
  });

  it.each(names.filter((name) => 'must' in targets[name]))('fails by a wrong figure in %s alone', (name) => {
    const found = goodBut(name);
    expect(verdictsOf(found)).toEqual({ ...verdictsOf(names.map(good)), [name]: 'missed' });
    expect(exitCodeOf(rowsOf(found))).toBe(2);
  });

  it('says what could not be shown; a missed must counts more', () => {
    const absent: NotShown = { row: 'deliveredCpu', why: 'it is not installed' };
    const without = (found: readonly Measured[]) => [...found.filter(({ row }) => row !== absent.row), absent];
    expect(exitCodeOf(rowsOf(without(names.map(good))))).toBe(3);
    expect(exitCodeOf(rowsOf(without(goodBut('keyBytes'))))).toBe(2);
    expect(markdownOf(reportOf(without(names.map(good))))).toMatch(
      /^\| all CPU ms .* not shown: it is not installed \|$/m,
    );
  });

  it('is not judged by rows that nobody asked for, nor by those without a must', () => {
    expect(exitCodeOf(rowsOf([good('keyBytes')]))).toBe(0);
    expect(verdictsOf([good('keyBytes')])).toMatchObject({ keyBytes: 'aim', apiStart: 'not asked' });
    expect(exitCodeOf(rowsOf([{ row: 'deliveredPerSecond', why: 'it is not installed' }]))).toBe(0);
  });
});

describe('a verdict', () => {
  const target: Target = { name: 'a figure', of: 'figure', must: { atMost: 10 }, aim: { atMost: 5 } };

  it.each([
    [[5, 5, 5], 'aim', true],
    [[6, 5, 20], 'must', false],
    [[10], 'must', true],
    [[20, 11, 4], 'missed', false],
    [[Number.NaN], 'missed', true],
    [[], 'not shown', true],
  ] as const)('of %j is %s', (numbers, verdict, isClear) => {
    expect(judge(target, numbers)).toEqual({ verdict, isClear });
  });

  it('is about the ratios of the rounds, not about the ratio of the medians', () => {
    const [row] = rowsOf([{ row: 'requestsPerSecond', ours: [100, 1000, 10], other: [200, 500, 20] }]);
    expect(row).toMatchObject({ ratio: [0.5, 2, 0.5], verdict: 'missed', isClear: false });
  });
});

describe('figures', () => {
  it('have a median with as many below as above', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), (numbers) => {
        const middle = median(numbers);
        const below = numbers.filter((number) => number < middle).length;
        const above = numbers.filter((number) => number > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(numbers.length / 2);
      }),
      { numRuns: 100 },
    );
    expect([median([4, 1, 2]), median([1, 2, 4, 9]), median([])]).toEqual([2, 3, Number.NaN]);
    expect([percentile([3, 1, 2, 4], 0.5), percentile([3, 1, 2, 4], 0.99)]).toEqual([3, 4]);
  });

  it('of different numbers of rounds are not divided', () => {
    expect(() => ratios([1, 2], [1])).toThrow('2 rounds cannot be divided by 1');
  });
});

describe('the report', () => {
  it('has every row and number in its JSON', () => {
    const report = reportOf(goodBut('apiStart').filter(({ row }) => row !== 'manyJobs'));
    const read = JSON.parse(jsonOf(report));
    expect(read).toMatchObject({ setUp: { machine: '2 cores' }, spent: report.spent, growth: [], exitCode: 2 });
    expect(read.rows.map(({ key }: { key: string }) => key)).toEqual(names);
    expect(read.rows[names.indexOf('apiStart')]).toEqual({
      key: 'apiStart',
      name: 'ms from start to ready, API',
      against: 'bare Apollo',
      judged: 'figure',
      must: { atMost: 700 },
      aim: { atMost: 450 },
      verdict: 'missed',
      isClear: true,
      ours: [707, 707, 707],
      other: [1, 1, 1],
      before: [],
      ratio: [707, 707, 707],
      median: { median: 707, least: 707, most: 707 },
      medianRatio: { median: 707, least: 707, most: 707 },
    });
    expect(read.rows[names.indexOf('manyJobs')]).toMatchObject({ verdict: 'not asked', median: null });
  });

  it('has the processes of a cost side by side', () => {
    const spent = { server: 1, PostgreSQL: 0.5, Redis: 0.25 };
    expect(spentOn(spent)).toBe(1.75);
    expect(markdownOf(reportOf([]))).toContain('| Latchkey | request | 1 | – | 0.5 | 0.25 | 1.75 |');
  });
});

function reportOf(found: readonly (Measured | NotShown)[]): Report {
  const spent = [{ who: 'Latchkey', unit: 'request', rounds: [{ server: 1, PostgreSQL: 0.5, Redis: 0.25 }] }];
  return { setUp: { machine: '2 cores' }, rows: rowsOf(found), spent, growth: [] };
}
