import { expect, it } from 'vitest';
import { atMostEvery } from '../../src/observability/at-most-every.js';

it('acts on the first call, then once each pause, and says how many calls that stands for', () => {
  let time = 0;
  const seen: [number, string][] = [];
  const say = atMostEvery(
    1_000,
    (count, what: string) => seen.push([count, what]),
    () => time,
  );
  say('first');
  say('second');
  time = 999;
  say('third');
  time = 1_000;
  say('fourth');
  say('fifth');
  time = 5_000;
  say('sixth');
  expect(seen).toEqual([
    [1, 'first'],
    [3, 'fourth'],
    [2, 'sixth'],
  ]);
});
