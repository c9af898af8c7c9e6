/** Rows of one statement: it ends in time, however much has piled up after a flood or a week without a worker. */
const most = 5_000;

/**
 * Erases in parts that end in time.
 *
 * @param part erases that many rows at most. @returns how many it was.
 * @returns how many rows it was in all.
 */
export async function eraseInParts(part: (most: number) => Promise<number>): Promise<number> {
  let erased = 0;
  for (let count = most; count === most; erased += count) count = await part(most);
  return erased;
}
