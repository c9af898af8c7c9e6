/** Rows of one statement, so that it ends in time even after a flood or a week without a worker. */
const most = 5_000;

/**
 * Calls `part` until it erases fewer rows than it may.
 *
 * @param part erases at most `most` rows and returns how many it erased.
 * @returns how many rows were erased in all.
 * @throws what `part` throws; rows of earlier parts stay erased.
 */
export async function eraseInParts(part: (most: number) => Promise<number>): Promise<number> {
  let erased = 0;
  for (let count = most; count === most; erased += count) count = await part(most);
  return erased;
}
