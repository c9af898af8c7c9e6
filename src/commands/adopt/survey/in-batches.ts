import type { EntityManager } from '@mikro-orm/postgresql';

/** Rows that are in memory at once. */
const size = 2_000;

/** Reads every row of a query by a cursor. @param em in a transaction. */
export async function inBatches<Row>(em: EntityManager, query: string, each: (row: Row) => void): Promise<void> {
  await em.execute(`declare latchkey_rows no scroll cursor for ${query}`);
  for (;;) {
    const rows = await em.execute<Row[]>(`fetch ${size} from latchkey_rows`);
    for (const row of rows) each(row);
    if (rows.length < size) break;
  }
  await em.execute('close latchkey_rows');
}
