import { Cluster, type Redis } from 'ioredis';
import type { Counter } from './caller-limit.js';
import { togetherScript } from './counting-script.js';
import type { Count } from './memory-window.js';
import type { Verdict, WindowOfCall } from './rate-limiter.js';

/** `isTaken`: a point was taken of every limit; else of none. */
export interface Together {
  readonly isTaken: boolean;
  /** In the order of the limits. */
  readonly verdicts: readonly Verdict[];
}

interface Counting {
  readonly isTaken: boolean;
  readonly counts: readonly Count[];
}

/** The command that `defineCommand` adds to a connection. */
type Connection = Redis & Record<typeof command, (names: number, ...rest: (string | number)[]) => Promise<number[]>>;
const command = 'latchkeyTakeTogether';
const prepared = new WeakSet<Redis>();

/**
 * Takes a point of every limit in one step and with one command, or of none. While Redis is away, or its answer is lost,
 * limits that want it count in this process.
 *
 * @param counters whose limits are in one Redis.
 * @returns undefined where that is not possible: in a cluster the names lie on several servers.
 * @throws the fault of Redis where a limit fails without it.
 */
export async function takeTogether(counters: readonly Counter[]): Promise<Together | undefined> {
  const windows = counters.map(({ limiter, key }) => limiter.windowsOf(key));
  const all = windows.flat();
  const [redis] = all.map((each) => each.redis);
  if (!redis || redis instanceof Cluster) return undefined;
  const { isTaken, counts } = await inRedis(redis, all).catch((fault: unknown) => here(all, fault));
  let from = 0;
  const verdicts = counters.map(({ limiter }, index) => {
    const own = counts.slice(from, from + (windows[index]?.length ?? 0));
    from += own.length;
    return limiter.verdictOf(own, isTaken);
  });
  return { isTaken, verdicts };
}

async function inRedis(redis: Redis, windows: readonly WindowOfCall[]): Promise<Counting> {
  if (redis.status !== 'ready') throw new Error('Redis connection is not ready');
  if (!prepared.has(redis)) {
    redis.defineCommand(command, { lua: togetherScript });
    prepared.add(redis);
  }
  const names = windows.map(({ name }) => name);
  const sizes = windows.flatMap(({ points, seconds }) => [points, seconds]);
  const [taken, ...numbers] = await (redis as Connection)[command](names.length, ...names, ...sizes);
  const counts = windows.map((_, index) => ({
    used: numbers[2 * index] ?? 0,
    msBeforeNext: numbers[2 * index + 1] ?? 0,
  }));
  return { isTaken: taken === 1, counts };
}

function here(windows: readonly WindowOfCall[], fault: unknown): Counting {
  const all = windows.map(({ here, key, points }) => {
    if (!here) throw fault;
    return { here, key, points };
  });
  const looked = all.map(({ here, key }) => here.look(key));
  const isTaken = all.every(({ points }, index) => (looked[index]?.used ?? 0) < points);
  return { isTaken, counts: isTaken ? all.map(({ here, key }) => here.take(key)) : looked };
}
