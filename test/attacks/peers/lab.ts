import { makeDatabase, rowsIn, tablesOf } from '../../support/databases.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { startOwnStores } from '../kit/own-stores.js';
import type { Database, Lab } from './peer.js';

/** PostgreSQL for the peers, and the stores of Latchkey's stage; all on this machine and gone afterwards. */
export async function openLab(): Promise<Lab & { close(): Promise<void> }> {
  const stores = await startOwnStores();
  const settings = ['max_connections=200', 'shared_buffers=64MB'];
  const postgres = await OwnPostgres.start({ settings, withoutMigrations: true });
  let databases = 0;
  let strangers = 0;
  return {
    stores,
    emptyDatabase: () => makeDatabase((name) => postgres.urlOf(name), `peer_${++databases}`),
    // Each in a /24 of its own; Latchkey's stage takes its own from the other half.
    stranger() {
      const number = strangers++;
      return `127.${128 + Math.floor(number / 250)}.${1 + (number % 250)}.9`;
    },
    async close() {
      await postgres.drop();
      await stores.close();
    },
  };
}

/** All rows of all tables, as text. */
export async function rowsOf(database: Pick<Database, 'query'>): Promise<string> {
  const texts = (await tablesOf(database)).map((table) => rowsIn(database, table));
  return (await Promise.all(texts)).join('\n');
}
