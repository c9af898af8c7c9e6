import type { Cluster, Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { countingScript } from './counting-script.js';
import { type Count, MemoryWindow } from './memory-window.js';

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
  /** Points that are used in the shortest window, including this call's if it was counted. */
  readonly used: number;
}

interface Counted extends Count {
  readonly points: number;
}

/** One window of a limit, as one call meets it. */
export interface WindowOfCall extends Window {
  readonly redis: Redis | Cluster;
  /** In Redis, without the prefix of the connection. */
  readonly name: string;
  readonly key: string;
  /** Counts while Redis is away; undefined if the limit fails then. */
  readonly here: MemoryWindow | undefined;
}

/**
 * One limit with one or several windows, counted in Redis with a TTL. A call counts only if every window has room. A
 * call that is refused, or whose point is given back, leaves no new name in Redis and extends no window.
 */
export class RateLimiter {
  readonly #windows: CountedWindow[];

  /**
   * @param name part of the keys in Redis (`limit:<name>:<seconds>:<key>`).
   * @param whenRedisIsAway `count-here`: this process counts in memory; `fail`: the methods throw the fault of Redis.
   * @param onRefusal called with the key of each refused call.
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
      .map((window) => new CountedWindow(redis, `limit:${name}:${window.seconds}`, window, whenRedisIsAway));
  }

  /** Counts one call if every window has room for it. Calls at the same time cannot exceed the limit together. */
  async take(key: string): Promise<Verdict> {
    const counts: Counted[] = [];
    for (const [index, window] of this.#windows.entries()) {
      const count = await window.take(key);
      counts.push(count);
      if (count.used > count.points) {
        await Promise.all(this.#windows.slice(0, index).map((each) => each.giveBack(key)));
        this.refused(key);
        return verdictOf(counts, ({ used, points }) => used > points);
      }
    }
    return this.verdictOf(counts, true);
  }

  /** Whether a call would be allowed now; counts nothing and adds no name to Redis. */
  async look(key: string): Promise<Verdict> {
    return this.verdictOf(await Promise.all(this.#windows.map((window) => window.look(key))), false);
  }

  /** What a call counts in, by the names and in the order that `verdictOf` expects; see `takeTogether`. */
  windowsOf(key: string): readonly WindowOfCall[] {
    return this.#windows.map((window) => window.of(key));
  }

  /** @param counts of the windows in `windowsOf`, this call's included if it `isCounted`. */
  verdictOf(counts: readonly Count[], isCounted: boolean): Verdict {
    const all = this.#windows.map(({ points }, index) => ({ used: 0, msBeforeNext: 0, ...counts[index], points }));
    if (!isCounted) return verdictOf(all, ({ used, points }) => used >= points);
    return { ...verdictOf(all, ({ used, points }) => used > points), refillsInSeconds: refill(all) };
  }

  /** Takes back one counted call; the last one removes the name. */
  async giveBack(key: string): Promise<void> {
    await Promise.all(this.#windows.map((window) => window.giveBack(key)));
  }

  /** Reports a call that was refused after `look`, as `take` does by itself. */
  refused(key: string): void {
    this.onRefusal(key);
  }
}

/** One window in Redis; in memory while Redis is away, if the limit wants that. */
class CountedWindow {
  readonly #counter: RateLimiterRedis;
  readonly #here: MemoryWindow | undefined;

  constructor(
    private readonly redis: Redis | Cluster,
    keyPrefix: string,
    private readonly window: Window,
    whenRedisIsAway: 'count-here' | 'fail',
  ) {
    const { points, seconds } = window;
    this.#here = whenRedisIsAway === 'count-here' ? new MemoryWindow(points, seconds) : undefined;
    this.#counter = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix,
      points,
      duration: seconds,
      customIncrTtlLuaScript: countingScript,
      rejectIfRedisNotReady: true,
    });
  }

  get points(): number {
    return this.window.points;
  }

  of(key: string): WindowOfCall {
    return { ...this.window, redis: this.redis, name: this.#counter.getKey(key), key, here: this.#here };
  }

  async take(key: string): Promise<Counted> {
    const { points } = this.window;
    try {
      const { consumedPoints, msBeforeNext } = await this.#counter.consume(key);
      return { used: consumedPoints, msBeforeNext, points };
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) {
        return { used: refusal.consumedPoints, msBeforeNext: refusal.msBeforeNext, points };
      }
      if (!this.#here) throw refusal;
      return { ...this.#here.take(key), points };
    }
  }

  /** Sends one command, and a second one only if the window is full. */
  async look(key: string): Promise<Counted> {
    const { points } = this.window;
    try {
      if (this.redis.status !== 'ready') throw new Error('Redis connection is not ready');
      const name = this.#counter.getKey(key);
      const used = Number((await this.redis.get(name)) ?? 0);
      const msBeforeNext = used >= points ? Math.max(0, await this.redis.pttl(name)) : 0;
      return { used, msBeforeNext, points };
    } catch (error) {
      if (!this.#here) throw error;
      return { ...this.#here.look(key), points };
    }
  }

  async giveBack(key: string): Promise<void> {
    try {
      await this.#counter.reward(key);
    } catch (error) {
      if (!this.#here) throw error;
      this.#here.giveBack(key);
    }
  }
}

function verdictOf(counts: readonly Counted[], isFull: (count: Counted) => boolean): Verdict {
  const full = counts.filter(isFull);
  const wait = Math.max(0, ...full.map(inSeconds));
  return { allowed: full.length === 0, retryAfterSeconds: wait, refillsInSeconds: wait, used: counts[0]?.used ?? 0 };
}

function refill(counts: readonly Counted[]): number {
  return Math.max(0, ...counts.filter(({ used, points }) => used >= points).map(inSeconds));
}

function inSeconds({ msBeforeNext }: Count): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1000));
}
