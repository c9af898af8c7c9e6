import type { MikroORM } from '@mikro-orm/postgresql';
import { ours } from '../stores/postgres/schemas.js';
import { DataKeyUnreadable, forgetDataKey, makeDataKey, readDataKey, sealAnew } from './data-key-row.js';

export interface DataKeyCare {
  /** The values of `SECRET`; none if the command did not get it. */
  readonly secrets: readonly string[];
  /** Replaces a key that no secret opens. For development: only counters are lost. */
  readonly replaceUnreadable?: boolean;
}

export type DataKeyEnd = 'made' | 'sealed anew' | 'kept' | 'missing';

/**
 * For `latchkey migrate`: makes the data key, or seals it under the first value of `SECRET`.
 *
 * @returns `missing` if there is no data key and no `SECRET` to make one with.
 * @throws DataKeyUnreadable if no value of `SECRET` opens the data key, unless it is replaced.
 */
export async function keepDataKey(orm: MikroORM, care: DataKeyCare): Promise<DataKeyEnd> {
  const [first, ...others] = care.secrets;
  if (first === undefined) {
    const statement = `select 1 from ${ours(orm, 'data_key')}`;
    const isThere = (await orm.em.fork().execute<unknown[]>(statement)).length > 0;
    return isThere ? 'kept' : 'missing';
  }
  const found = await readDataKey(orm, care.secrets).catch(async (error: unknown) => {
    if (!(error instanceof DataKeyUnreadable) || !care.replaceUnreadable) throw error;
    await forgetDataKey(orm);
    return undefined;
  });
  if (!found) {
    await makeDataKey(orm, [first, ...others]);
    return 'made';
  }
  if (found.by === 0) return 'kept';
  await sealAnew(orm, found.key, first);
  return 'sealed anew';
}
