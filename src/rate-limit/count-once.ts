import type { Cluster, Redis } from 'ioredis';
import { Unavailable } from '../calls/errors.js';

/** Seconds that a mark stays after its job can no longer be tried. */
const longer = 86_400;

/**
 * Counts a job once, in however many attempts. A mark in Redis is set before the count and removed if the count fails:
 * otherwise the next attempt would not be counted.
 *
 * @param mark the name of the mark in Redis; `seconds`: how long the job can be tried again.
 * @param take counts the job; gives undefined when the limit is reached.
 * @param before gives the result for a job that an earlier attempt counted.
 * @returns the result of `take` or `before`.
 * @throws Unavailable when either of them throws, or Redis is away.
 */
export async function countOnce<Counted>(
  redis: Redis | Cluster,
  { mark, seconds }: { readonly mark: string; readonly seconds: number },
  take: () => Promise<Counted | undefined>,
  before: () => Promise<Counted> | Counted,
): Promise<Counted | undefined> {
  let isFirst = true;
  try {
    isFirst = (await redis.set(mark, '1', 'EX', seconds + longer, 'NX')) !== null;
    if (!isFirst) return await before();
    const counted = await take();
    if (counted === undefined) await redis.del(mark);
    return counted;
  } catch (error) {
    if (isFirst) await redis.del(mark).catch(() => 0);
    throw new Unavailable('redis', { cause: error });
  }
}
