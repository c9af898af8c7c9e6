import { expect, it } from 'vitest';
import { inTurns } from '../../bench/turns.js';

it('measures each once a round, and begins each round with another', async () => {
  const order: string[] = [];
  const contestant = (name: string) => async (round: number) => {
    order.push(name);
    return `${name} in round ${round}`;
  };
  const found = await inTurns(4, { a: contestant('a'), b: contestant('b'), c: contestant('c') });
  expect(order.join('')).toBe('abcbcacababc');
  expect(found.b).toEqual([0, 1, 2, 3].map((round) => `b in round ${round}`));
});
