import type { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import { endOnRelease, leaveReadOnly } from './pool-limits.js';

/**
 * Ends a connection whose server did not answer in time, or only reads now. After a timeout `pg` puts the client back
 * into the pool while it still waits for the answer (brianc/node-postgres#3399, open; seen in 8.23.0), so every later
 * statement on it would wait in vain.
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
        // `pg` gives this error no code, and its client cannot end without sending a last message to the server.
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
 * Gives back the pool's slot of a connection that died while it was in use. On a dead connection kysely's rollback
 * throws before it releases the client (kysely-org/kysely#1990, seen in 0.29.6), so without this every connection that
 * breaks in a transaction would occupy a slot for ever. See docs/decisions/dead-connections.md.
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
      // The code that holds the client may still release it; a second release would throw.
      client.release = () => undefined;
    });
  });
}
