import type { Cluster, Redis } from 'ioredis';
import { Unavailable } from '../calls/errors.js';

/** Seconds that a mark outlives the time in which its job can be tried. */
const longer = 86_400;

/**
 * Counts a job once, however often it is tried. The mark stands before the count, and goes with it: one without a count
 * would let the next try go uncounted.
 *
 * @param mark the name in Redis. @param seconds in which the job can be tried again.
 * @param take counts. @returns undefined where there is no room.
 * @param before what is said of a job that was counted by an earlier try.
 * @throws Unavailable
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
