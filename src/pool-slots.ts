import type { Pool, PoolClient } from 'pg';

/**
 * Gives back the slot of a connection that died while it was taken. kysely's rollback throws on a dead line before it
 * releases, so without this every connection that is cut inside a transaction takes one slot of the pool for ever.
 */
export function reclaimDeadSlots(pool: Pool): void {
  const taken = new Set<PoolClient>();
  pool.on('acquire', (client) => taken.add(client));
  pool.on('release', (_error, client) => taken.delete(client));
  pool.on('connect', (client) => {
    client.once('end', () => {
      if (!taken.has(client)) return;
      client.release(true);
      // Whoever held it may still release it, which would throw.
      client.release = () => undefined;
    });
  });
}
