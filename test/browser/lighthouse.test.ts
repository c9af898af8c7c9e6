import { expect, it } from 'vitest';
import { judge } from './lighthouse/report.js';

const whole = { performance: 100, accessibility: 100, 'best-practices': 100 };

it('a page is whole only with all points in every category, and what cost points is named once', () => {
  expect(judge('page', { version: '1', scores: whole, lost: [] })).toEqual({
    line: `${'page'.padEnd(36)} 100 / 100 / 100`,
    isWhole: true,
  });
  for (const category of Object.keys(whole)) {
    const report = { version: '1', scores: { ...whole, [category]: 99 }, lost: ['color-contrast', 'color-contrast'] };
    expect(judge('page', report)).toMatchObject({
      isWhole: false,
      line: expect.stringMatching(/ {2}lost: color-contrast$/),
    });
  }
  expect(judge('page', { version: '1', scores: {}, lost: [] }).isWhole).toBe(false);
});
