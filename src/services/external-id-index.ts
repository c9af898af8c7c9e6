import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { identifier } from '../stores/postgres/schemas.js';

/**
 * Builds the unique index of the names that accounts have in an old system, while processes are running: it reads the
 * table once and blocks nobody. Does nothing if the index is there.
 *
 * @param em must not be in a transaction.
 */
export async function buildExternalIdIndex(em: Pick<SqlEntityManager, 'execute'>, schema: string): Promise<void> {
  const place = identifier(schema);
  const [index] = await em.execute<{ valid: boolean }[]>(
    'select indisvalid as valid from pg_index where indexrelid = to_regclass(?)',
    [`${place}.account_external_id_unique`],
  );
  if (index?.valid) return;
  // An earlier attempt was interrupted, and left an invalid index.
  if (index) await em.execute(`drop index concurrently ${place}.account_external_id_unique`);
  await em.execute(
    `create unique index concurrently account_external_id_unique on ${place}.account (external_id) where external_id is not null`,
  );
}
