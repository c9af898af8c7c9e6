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
  // The machine gets slower during the run, by far more than the difference.
  const slower = (middle: number) => around(middle).map((time, index) => time + index / 4);
  const shuffled = (middle: number) => slower(middle).map((time, index) => time + ((index * 7) % 20) / 10);
  const planted = difference({ one: shuffled(30.5), other: slower(30) });
  expect(planted).toMatchObject({ isFound: true });
  expect(planted.bound).toBeGreaterThanOrEqual(planted.middle);
  expect(difference({ one: slower(30.5), other: slower(30) })).toEqual({ middle: 0.5, bound: 0.5, isFound: true });
  expect(difference({ one: slower(30), other: slower(30.5) })).toEqual({ middle: -0.5, bound: 0.5, isFound: true });
  const none = difference({ one: slower(30), other: slower(30).map((time, index) => time + (index % 2 ? 0.1 : -0.1)) });
  expect(none).toMatchObject({ isFound: false });
  expect(none.bound).toBeLessThanOrEqual(0.11);
});
