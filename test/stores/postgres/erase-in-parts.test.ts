import { expect, it } from 'vitest';
import { eraseInParts } from '../../../src/stores/postgres/erase-in-parts.js';

it.each([0, 1, 5_000, 12_345])('erases %i rows in parts, and ends with the first that is not full', async (rows) => {
  let left = rows;
  let parts = 0;
  const erased = await eraseInParts(async (most) => {
    const count = Math.min(left, most);
    left -= count;
    parts++;
    return count;
  });
  expect({ erased, left, parts }).toEqual({ erased: rows, left: 0, parts: Math.floor(rows / 5_000) + 1 });
});
