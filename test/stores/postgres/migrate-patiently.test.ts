import { expect, it } from 'vitest';
import { untilUnlocked } from '../../../src/stores/postgres/migrate-patiently.js';

const locked = () => Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });

it('tries again while a table is locked, gives up in the end, and repeats no other failure', async () => {
  let tries = 0;
  const until = (count: number, error: Error) => async () => {
    if (++tries < count) throw new Error('the driver says', { cause: error });
    return tries;
  };
  expect(await untilUnlocked(until(3, locked()), { tries: 3, pause: 1 })).toBe(3);
  tries = 0;
  await expect(untilUnlocked(until(4, locked()), { tries: 3, pause: 1 })).rejects.toThrow(/pg_stat_activity/);
  expect(tries).toBe(3);
  tries = 0;
  await expect(untilUnlocked(until(2, new Error('syntax')), { tries: 3, pause: 1 })).rejects.toThrow('the driver says');
  expect(tries).toBe(1);
});
