import type { Pool, PoolClient } from 'pg';
import { atMostEvery } from '../../observability/at-most-every.js';
import { metLimit } from '../../observability/first-word.js';

type Taken = (error: Error | undefined, client?: PoolClient, release?: (error?: unknown) => void) => void;

/** Milliseconds until a pool tries to grow again. */
const pause = 30_000;

/**
 * Where the server has no more lines to give, a pool goes on with those that it has, and tries again later. Faults say
 * which limit they met: the pool's own, by the setting that gives its size, or one of the server's.
 */
export function knowLimits(pool: Pool, setting: string, size: number): void {
  const connect = pool.connect.bind(pool) as unknown as (done: Taken) => void;
  /** Those that were asked for at the same time are refused one after the other, and each refusal says so again. */
  const take = (done: Taken, tries: number) =>
    connect((error, client, release) => {
      if (!error) return done(undefined, client, release);
      if (/timeout exceeded when trying to connect/.test(error.message)) {
        const limit =
          pool.options.max < size ? `max_connections (${setting} had to stay at ${pool.options.max})` : setting;
        return done(Object.assign(error, { limit }));
      }
      if (tries <= 0 || metLimit(error) === undefined) return done(error);
      pool.options.max = Math.min(size, Math.max(1, pool.totalCount));
      setTimeout(() => {
        pool.options.max = size;
      }, pause).unref();
      // Those that begin together may all be refused, each because of the others; alone, once more, one would not be.
      take(done, pool.totalCount === 0 ? 0 : tries - 1);
    });
  const watched = (done?: Taken) => {
    if (done) return take(done, size);
    return new Promise((resolve, reject) => {
      take((error, client) => (error ? reject(error) : resolve(client)), size);
    });
  };
  Object.assign(pool, { connect: watched });
}

/**
 * Ends the lines of a pool once one of them leads to a server that only reads, for instance a primary that was demoted
 * and kept its lines: a new line leads to whoever is the primary now. At most once a second, should it still be none.
 */
export function leaveReadOnly(pool: Pool, inUse: ReadonlySet<PoolClient>): () => void {
  return atMostEvery(1_000, () => {
    for (const client of inUse) endOnRelease(client);
    for (let idle = pool.idleCount; idle > 0; idle--) {
      pool.connect().then(
        (client) => client.release(true),
        () => undefined,
      );
    }
  });
}

export function endOnRelease(client: PoolClient): void {
  const release = client.release.bind(client);
  client.release = () => release(true);
}
