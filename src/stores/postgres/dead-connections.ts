import type { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import { endOnRelease, leaveReadOnly } from './pool-limits.js';

/**
 * Ends a connection whose server did not answer in time. `pg` leaves its client waiting for that answer, and takes it
 * back into the pool as if nothing had happened (brianc/node-postgres#3399, open; seen in 8.23.0): every later statement
 * would wait in vain behind it.
 */
function endWhenUseless(client: PoolClient, isReadOnly: () => void): void {
  const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
  const watched = (...parameters: unknown[]) => {
    const answer = query(...parameters);
    if (answer instanceof Promise) {
      answer.catch((error: Error) => {
        if ((error as { code?: unknown }).code === '25006') {
          endOnRelease(client);
          return isReadOnly();
        }
        // `pg` gives this no code, and its client no way to end without a last word to the server.
        if (error.message !== 'Query read timeout') return;
        endOnRelease(client);
        (client as unknown as WithStream).connection.stream.destroy();
      });
    }
    return answer;
  };
  Object.assign(client, { query: watched });
}

interface WithStream {
  readonly connection: { readonly stream: Socket };
}

/**
 * Gives back the slot of a connection that died while it was taken. kysely's rollback throws on a dead line before it
 * releases (kysely-org/kysely#1990, seen in 0.29.6), so without this every connection that is cut inside a transaction
 * takes one slot of the pool for ever. May go once MikroORM brings kysely 0.29.9, which releases: see
 * docs/decisions/dead-connections.md.
 */
export function reclaimDeadSlots(pool: Pool): void {
  const taken = new Set<PoolClient>();
  const leave = leaveReadOnly(pool, taken);
  pool.on('acquire', (client) => taken.add(client));
  pool.on('release', (_error, client) => taken.delete(client));
  pool.on('connect', (client) => {
    endWhenUseless(client, leave);
    client.once('end', () => {
      if (!taken.has(client)) return;
      client.release(true);
      // Whoever held it may still release it, which would throw.
      client.release = () => undefined;
    });
  });
}
