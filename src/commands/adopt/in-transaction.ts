import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';

class RolledBack extends Error {}

/**
 * Runs work in a transaction that sees one state of the database, and every row: where row-level security would hide
 * some it fails.
 *
 * @param end `read only`, or `rolled back` for work that makes something for a while.
 */
export async function inTransaction<T>(
  orm: MikroORM,
  work: (em: EntityManager) => Promise<T>,
  end: 'read only' | 'rolled back' = 'read only',
): Promise<T> {
  let result: { readonly value: T } | undefined;
  const transaction = orm.em.fork().transactional(async (em) => {
    await em.execute(`set transaction isolation level repeatable read${end === 'read only' ? ', read only' : ''}`);
    await em.execute('set local row_security = off');
    result = { value: await work(em) };
    throw new RolledBack();
  });
  await transaction.catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
  if (!result) throw new Error('the transaction ended before its work');
  return result.value;
}
