import type { Pool, PoolClient } from 'pg';
import { atMostEvery } from '../../observability/at-most-every.js';
import { metLimit } from '../../observability/first-word.js';

type Taken = (error: Error | undefined, client?: PoolClient, release?: (error?: unknown) => void) => void;

/** Milliseconds until a pool that met the server's limit tries to grow again; the shorter one if it has no connection. */
const pauses = { growing: 30_000, growingFromNone: 1_000 };
/** Milliseconds before each further try of a call whose pool has no connection at all. */
const pausesAlone = [50, 100, 200, 400];

/**
 * Makes a pool go on with the connections that it has when the server refuses further ones, and try to grow again
 * later. Errors get a `limit`: the setting that gives the pool its size, or the server's limit.
 *
 * Connections that are opened at the same time may keep each other out, because the server also counts those that it is
 * refusing. So a refused call waits for one of the open connections; if there is none, it tries again, alone.
 *
 * @param size connections that the pool may have.
 */
export function knowLimits(pool: Pool, setting: string, size: number): void {
  const connect = pool.connect.bind(pool) as unknown as (done: Taken) => void;
  const open = countOpen(pool);
  const shrink = shrinker(pool, size);
  const take = (done: Taken, until: number, triesAlone: number) =>
    connect((error, client, release) => {
      if (!error) return done(undefined, client, release);
      if (/timeout exceeded when trying to connect/.test(error.message)) {
        const limit =
          pool.options.max < size ? `max_connections (${setting} had to stay at ${pool.options.max})` : setting;
        return done(Object.assign(error, { limit }));
      }
      if (metLimit(error) === undefined) return done(error);
      shrink(open());
      const pause = pausesAlone[triesAlone];
      if (performance.now() >= until) return done(error);
      if (open() > 0) return take(done, until, triesAlone);
      if (pause === undefined) return done(error);
      setTimeout(() => take(done, until, triesAlone + 1), pause);
    });
  const watched = (done?: Taken) => {
    const until = performance.now() + (pool.options.connectionTimeoutMillis ?? 0);
    if (done) return take(done, until, 0);
    return new Promise((resolve, reject) => {
      take((error, client) => (error ? reject(error) : resolve(client)), until, 0);
    });
  };
  Object.assign(pool, { connect: watched });
}

/** Counts the connections that the server has taken: the pool's own count includes those that are being opened. */
function countOpen(pool: Pool): () => number {
  let open = 0;
  pool.on('connect', (client) => {
    open++;
    client.once('end', () => open--);
  });
  return () => open;
}

/** Makes a function that gives a pool the size of its open connections for a while; one at least. */
function shrinker(pool: Pool, size: number): (open: number) => void {
  let growing: NodeJS.Timeout | undefined;
  return (open) => {
    pool.options.max = Math.min(size, Math.max(1, open));
    clearTimeout(growing);
    growing = setTimeout(
      () => {
        pool.options.max = size;
      },
      open > 0 ? pauses.growing : pauses.growingFromNone,
    ).unref();
  };
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
