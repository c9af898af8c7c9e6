/**
 * For what would be said again and again: `act` runs for the first call, and then once each pause at the most.
 *
 * @param pause milliseconds, by `now`.
 * @param act hears how many calls it stands for, this one included, and what the last of them was given.
 */
export function atMostEvery<Given extends readonly unknown[]>(
  pause: number,
  act: (count: number, ...given: Given) => void,
  now: () => number = () => performance.now(),
): (...given: Given) => void {
  let nextAt = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (...given) => {
    count += 1;
    if (now() < nextAt) return;
    act(count, ...given);
    nextAt = now() + pause;
    count = 0;
  };
}
