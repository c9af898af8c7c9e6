import { makeDatabase } from '../../support/databases.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { startSingle } from '../../support/redis-servers.js';
import type { Stores } from './stage-options.js';

/** One PostgreSQL server with a database for each stage, and a Redis server for each. */
export async function startOwnStores(): Promise<Stores & { close(): Promise<void> }> {
  // Nobody connects to its database `latchkey`: of a template no sessions may be open.
  const postgres = await OwnPostgres.start({ settings: ['max_connections=300', 'shared_buffers=64MB'] });
  let count = 0;
  return {
    database: () => makeDatabase((name) => postgres.urlOf(name), `stage_${++count}`, 'latchkey'),
    async redis() {
      const { url, server, stop } = await startSingle();
      return { url, client: server.client, stop };
    },
    close: () => postgres.drop(),
  };
}
