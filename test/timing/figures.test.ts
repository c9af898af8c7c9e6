import { expect, it } from 'vitest';
import { auc, chanceAuc, difference, median } from './figures.js';

const around = (middle: number, count = 200) => Array.from({ length: count }, (_, index) => middle + (index % 20) / 10);

it('a guess by time is right by half where there is nothing to tell, and always where all is told', () => {
  expect(auc({ one: around(30), other: around(30) })).toBeCloseTo(0.5);
  expect(auc({ one: around(30), other: around(79) })).toBe(1);
  expect(auc({ one: around(79), other: around(30) })).toBe(1);
  expect(chanceAuc({ one: around(30), other: around(30) })).toBeCloseTo(0.557, 2);
});

it('a difference that was planted is found, and its bound holds it', () => {
  expect(median([3, 1, 2, 4])).toBe(2.5);
  const { medians, bound } = difference({ one: around(30.5), other: around(30) });
  expect(medians).toBeCloseTo(0.5);
  expect(bound).toBeGreaterThanOrEqual(0.5);
  expect(difference({ one: around(30), other: around(30) }).bound).toBeLessThan(0.5);
});
