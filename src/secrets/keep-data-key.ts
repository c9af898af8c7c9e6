import type { MikroORM } from '@mikro-orm/postgresql';
import { DataKeyUnreadable, forgetDataKey, makeDataKey, readDataKey, sealAnew } from './data-key-row.js';

export interface DataKeyCare {
  /** `SECRET`; none where the command was not given it. */
  readonly secrets: readonly string[];
  /** For development, where a lost secret costs counters and nothing else. */
  readonly replaceUnreadable?: boolean;
}

export type DataKeyEnd = 'made' | 'sealed anew' | 'kept' | 'missing';

/**
 * What `latchkey migrate` does for the data key: makes it, or puts it under the first value of `SECRET`.
 *
 * @returns `missing` where there is none and no `SECRET` to make it with.
 * @throws DataKeyUnreadable
 */
export async function keepDataKey(orm: MikroORM, care: DataKeyCare): Promise<DataKeyEnd> {
  const [first, ...others] = care.secrets;
  if (first === undefined) {
    const isThere = (await orm.em.fork().execute<unknown[]>('select 1 from data_key')).length > 0;
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
