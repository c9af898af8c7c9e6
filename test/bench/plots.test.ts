import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { plotsOf } from '../../bench/plots.js';
import type { Report } from '../../bench/report.js';
import { type Growth, rowsOf } from '../../bench/rows.js';
import { svg, text } from '../../bench/svg.js';
import { writeReport } from '../../bench/write-report.js';

const growth: Growth = {
  name: 'ms of a request, p50',
  by: 'accounts',
  points: [
    { size: 10_000, figures: [1, 2, 3] },
    { size: 100_000, figures: [4, 4, 4] },
  ],
};

/** A report in which the API is ready after so many milliseconds. */
function reportOf(startMs: number): Report {
  return {
    setUp: { machine: '2 cores' },
    rows: rowsOf([{ row: 'apiStart', ours: [startMs, startMs, startMs] }]),
    spent: [
      { who: 'Latchkey', unit: 'request', rounds: [{ server: 3, PostgreSQL: 1 }] },
      { who: 'floor', unit: 'request', rounds: [{ server: 1, PostgreSQL: 1 }] },
    ],
    growth: [growth],
  };
}
const plotOf = (name: string, startMs = 350) => plotsOf(reportOf(startMs))[name] ?? '';
const numbersOf = (plot: string, shape: RegExp) => [...plot.matchAll(shape)].map(([, number]) => Number(number));

it('places a figure by its distance from its must, in the colour of its verdict', () => {
  const [good, wrong] = [plotOf('targets.svg', 350), plotOf('targets.svg', 1400)];
  const place = /<circle cx="([\d.]+)"/g;
  // The scale has 1 in its middle: half as long and twice as long as 700 ms are as far from it.
  expect(numbersOf(good, place)[0]).toBeGreaterThan(650);
  expect((numbersOf(good, place)[0] ?? 0) + (numbersOf(wrong, place)[0] ?? 0)).toBeCloseTo(1300, 0);
  expect(good).toMatch(/#1b7f4b[\s\S]*>aim: 350 \(≤ 700\)</);
  expect(wrong).toMatch(/#b3261e[\s\S]*>missed: 1400 \(≤ 700\)</);
});

it('draws the CPU of each process as long as it was', () => {
  const bars = numbersOf(plotOf('cpu.svg'), /width="([\d.]+)" height="18"/g);
  expect(bars).toEqual([360, 0, 120, 0, 120, 0, 120, 0]);
});

it('draws each size of a table with its spread, and plots only what was measured', () => {
  const plot = plotOf('growth-ms-of-a-request-p50-by-accounts.svg');
  expect(numbersOf(plot, /<circle cx="([\d.]+)"/g)).toEqual([70, 830]);
  expect(numbersOf(plot, /<circle cx="[\d.]+" cy="([\d.]+)"/g)).toEqual([190, 60]);
  expect(plot).toContain('<line x1="70" y1="255" x2="70" y2="125"');
  expect(Object.keys(plotsOf({ ...reportOf(350), spent: [], growth: [], rows: rowsOf([]) }))).toEqual([]);
});

it('writes text as text, and no length that is no number', () => {
  expect(svg(10, 10, 'a < b & c', [])).toContain('<title>a &lt; b &amp; c</title>');
  expect(() => text(Number.NaN, 0, '')).toThrow('no number');
});

it('writes the report, the numbers and the plots into a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-report-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const report = join(folder, 'of/today');
  await writeReport(report, reportOf(350));
  const plots = Object.keys(plotsOf(reportOf(350)));
  expect((await readdir(report)).sort()).toEqual(['report.json', 'report.md', ...plots].sort());
  expect(JSON.parse(await readFile(join(report, 'report.json'), 'utf8'))).toMatchObject({ exitCode: 0 });
  for (const plot of plots) expect(await readFile(join(report, 'report.md'), 'utf8')).toContain(`](${plot})`);
});
