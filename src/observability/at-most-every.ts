/**
 * Limits how often something happens, for instance a log line: `act` runs for the first call, then once in each pause
 * at most.
 *
 * @param pause milliseconds, by `now`.
 * @param act gets the number of calls since it last ran, this one included, and the arguments of this one.
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
