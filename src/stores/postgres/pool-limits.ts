import type { Pool, PoolClient } from 'pg';
import { atMostEvery } from '../../observability/at-most-every.js';
import { metLimit } from '../../observability/first-word.js';

type Taken = (error: Error | undefined, client?: PoolClient, release?: (error?: unknown) => void) => void;

/** Milliseconds until a pool that met the server's limit tries to grow again. */
const pause = 30_000;

/**
 * Makes a pool go on with the connections that it has when the server refuses further ones, and try to grow again
 * later. Errors get a `limit`: the setting that gives the pool its size, or the server's limit.
 *
 * @param size connections that the pool may have.
 */
export function knowLimits(pool: Pool, setting: string, size: number): void {
  const connect = pool.connect.bind(pool) as unknown as (done: Taken) => void;
  /** Several connections that are opened at the same time may each be refused, so `tries` bounds the repetitions. */
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
      // If the pool has no connection, those opened together may have kept each other out: one more try, alone.
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
 * Makes a function that ends all connections of a pool, for when one of them leads to a read-only server, for instance
 * a demoted primary that kept its connections: new connections lead to the new primary. It acts once a second at most,
 * because there may be no new primary yet.
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

/** Makes a client's connection end, instead of going back into the pool, when it is released. */
export function endOnRelease(client: PoolClient): void {
  const release = client.release.bind(client);
  client.release = () => release(true);
}
