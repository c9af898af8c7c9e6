import type { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import { endOnRelease, leaveReadOnly } from './pool-limits.js';

/**
 * Ends a connection whose server did not answer in time. kysely would give it back to the pool as if nothing had
 * happened, and behind a line whose other end is gone every later statement would wait in vain.
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
 * releases, so without this every connection that is cut inside a transaction takes one slot of the pool for ever.
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
