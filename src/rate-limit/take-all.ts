import type { Counter } from './caller-limit.js';
import type { Verdict } from './rate-limiter.js';

/**
 * `Taken`: a point of every limit was taken; `used` per stage. `Refused`: no point stays taken; the stage that
 * refused.
 */
export type Taking<Point> =
  | { readonly kind: 'Taken'; readonly taken: readonly Point[]; readonly used: readonly (readonly number[])[] }
  | { readonly kind: 'Refused'; readonly refusedBy: readonly Point[]; readonly verdicts: readonly Verdict[] };

/**
 * Takes a point of every limit, or of none. Stages are asked one after the other, the limits of a stage at the same
 * time; after a refusal the points that were taken are given back.
 *
 * @throws what a limiter throws that fails without Redis.
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
