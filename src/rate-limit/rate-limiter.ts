import type { Cluster, Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** `points` calls in a window of `seconds`. */
export interface Window {
  readonly points: number;
  readonly seconds: number;
}

export interface Verdict {
  readonly allowed: boolean;
  /** Seconds until the window that refused begins anew; 0 when allowed. */
  readonly retryAfterSeconds: number;
  /** Seconds until every window has points again; 0 while each still has some. */
  readonly refillsInSeconds: number;
}

/**
 * One limit of one or several windows, counted in Redis with a TTL. A call counts only if every window has room, so
 * refused calls do not lengthen anything.
 */
export class RateLimiter {
  readonly #windows: { limiter: RateLimiterRedis; points: number }[];

  /**
   * @param name part of the keys in Redis (`limit:<name>:<seconds>:<key>`).
   * @param whenRedisIsAway `count-here`: this process counts for itself; `fail`: the call throws.
   * @param onRefusal told the key of each refused call.
   */
  constructor(
    redis: Redis | Cluster,
    name: string,
    windows: readonly Window[],
    whenRedisIsAway: 'count-here' | 'fail',
    private readonly onRefusal: (key: string) => void = () => undefined,
  ) {
    this.#windows = [...windows]
      .sort((one, other) => one.seconds - other.seconds)
      .map(({ points, seconds }) => {
        const common = { keyPrefix: `limit:${name}:${seconds}`, points, duration: seconds };
        const insurance = whenRedisIsAway === 'count-here' ? { insuranceLimiter: new RateLimiterMemory(common) } : {};
        return {
          points,
          limiter: new RateLimiterRedis({ storeClient: redis, ...common, ...insurance, rejectIfRedisNotReady: true }),
        };
      });
  }

  /** Counts one call, if every window has room for it. */
  async take(key: string): Promise<Verdict> {
    const taken: { limiter: RateLimiterRedis; result: RateLimiterRes; points: number }[] = [];
    for (const { limiter, points } of this.#windows) {
      const result = await consume(limiter, key);
      taken.push({ limiter, result, points });
      if (result.consumedPoints > points) {
        this.onRefusal(key);
        await Promise.all(taken.map((each) => each.limiter.reward(key)));
        return { allowed: false, retryAfterSeconds: inSeconds(result), refillsInSeconds: inSeconds(result) };
      }
    }
    return { allowed: true, retryAfterSeconds: 0, refillsInSeconds: refill(taken) };
  }

  /** Looks without counting: whether a call would be allowed now. */
  async look(key: string): Promise<Verdict> {
    const found: { result: RateLimiterRes; points: number }[] = [];
    for (const { limiter, points } of this.#windows) {
      const result = await limiter.get(key);
      if (result) found.push({ result, points });
    }
    const full = found.filter(({ result, points }) => result.consumedPoints >= points);
    const wait = Math.max(0, ...full.map(({ result }) => inSeconds(result)));
    if (full.length > 0) this.onRefusal(key);
    return { allowed: full.length === 0, retryAfterSeconds: wait, refillsInSeconds: wait };
  }

  /** Gives one call back. */
  async giveBack(key: string): Promise<void> {
    for (const { limiter } of this.#windows) {
      const counted = await limiter.get(key);
      if (counted && counted.consumedPoints > 0) await limiter.reward(key);
    }
  }
}

async function consume(limiter: RateLimiterRedis, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key);
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal;
    throw refusal;
  }
}

function refill(taken: readonly { result: RateLimiterRes; points: number }[]): number {
  const exhausted = taken.filter(({ result, points }) => result.consumedPoints >= points);
  return Math.max(0, ...exhausted.map(({ result }) => inSeconds(result)));
}

function inSeconds(result: RateLimiterRes): number {
  return Math.max(1, Math.ceil(result.msBeforeNext / 1000));
}
