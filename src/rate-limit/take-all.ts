import type { Counter } from './caller-limit.js';
import type { Verdict } from './rate-limiter.js';

/** `used`: a point of every limit was taken. `refusedBy`: none was; the stage that refused, and what it said. */
export type Taking<Point> =
  | { readonly kind: 'Taken'; readonly taken: readonly Point[]; readonly used: readonly (readonly number[])[] }
  | { readonly kind: 'Refused'; readonly refusedBy: readonly Point[]; readonly verdicts: readonly Verdict[] };

/**
 * Takes a point of each limit, or of none. The limits of a stage are asked together, and a stage only when the ones before
 * it allowed; a refusal gives back what was taken until then.
 */
export async function takeAll<Point extends Counter>(stages: readonly (readonly Point[])[]): Promise<Taking<Point>> {
  const taken: Point[] = [];
  const used: number[][] = [];
  for (const stage of stages) {
    const verdicts = await Promise.all(stage.map(({ limiter, key }) => limiter.take(key)));
    taken.push(...stage.filter((_, index) => verdicts[index]?.allowed));
    used.push(verdicts.map((verdict) => verdict.used));
    if (verdicts.some(({ allowed }) => !allowed)) {
      await giveAllBack(taken);
      return { kind: 'Refused', refusedBy: stage, verdicts };
    }
  }
  return { kind: 'Taken', taken, used };
}

export async function giveAllBack(points: readonly Counter[]): Promise<void> {
  await Promise.all(points.map(({ limiter, key }) => limiter.giveBack(key)));
}
