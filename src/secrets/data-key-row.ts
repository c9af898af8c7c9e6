import { hkdfSync, randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { ours } from '../stores/postgres/schemas.js';
import { dataKeyBytes, open, seal } from './sealed-key.js';

/** The database has a data key, and no value of `SECRET` opens it. */
export class DataKeyUnreadable extends Error {
  constructor() {
    super(
      'no value of SECRET opens the data key in the database: give the value that was first when `latchkey migrate` ran ' +
        'last, beside the new one; if it is lost for good, see "SECRET is lost" in docs/operate.md',
    );
    this.name = 'DataKeyUnreadable';
  }
}

export interface OpenedDataKey {
  readonly key: Buffer;
  /** Which value of `SECRET` opened it; 0 is the first. */
  readonly by: number;
}

/** Reads the data key; undefined when there is none yet. @throws DataKeyUnreadable; the fault of the database. */
export async function readDataKey(orm: MikroORM, secrets: readonly string[]): Promise<OpenedDataKey | undefined> {
  const [row] = await orm.em.fork().execute<{ sealed: Buffer }[]>(`select sealed from ${ours(orm, 'data_key')}`);
  if (!row) return undefined;
  for (const [by, secret] of secrets.entries()) {
    const key = open(row.sealed, secret);
    if (key) return { key, by };
  }
  throw new DataKeyUnreadable();
}

/** Makes the data key if there is none, sealed under the first secret. Of several processes only one makes it. */
export async function makeDataKey(orm: MikroORM, secrets: readonly [string, ...string[]]): Promise<void> {
  const key = (await wasUsedBefore(orm)) ? keyOfTheFirstRelease(secrets[0]) : randomBytes(dataKeyBytes);
  await orm.em
    .fork()
    .execute(`insert into ${ours(orm, 'data_key')} (sealed) values (?) on conflict do nothing`, [
      seal(key, secrets[0]),
    ]);
}

/** Seals the key under another secret, which every process must know already. */
export async function sealAnew(orm: MikroORM, key: Buffer, secret: string): Promise<void> {
  const statement = `update ${ours(orm, 'data_key')} set sealed = ?, sealed_at = now()`;
  await orm.em.fork().execute(statement, [seal(key, secret)]);
}

export async function forgetDataKey(orm: MikroORM): Promise<void> {
  await orm.em.fork().execute(`delete from ${ours(orm, 'data_key')}`);
}

/** Whether the first release ran on this database: it named its counters by a subkey of `SECRET`. */
async function wasUsedBefore(orm: MikroORM): Promise<boolean> {
  const [accounts, events] = [ours(orm, 'account'), ours(orm, 'audit_event')];
  const [row] = await orm.em
    .fork()
    .execute<{ used: boolean }[]>(`select exists (select from ${accounts}) or exists (select from ${events}) as used`);
  return row?.used ?? false;
}

/** The key of the first release's pseudonyms: with it every counter keeps its name. */
function keyOfTheFirstRelease(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'latchkey pseudonym v1', dataKeyBytes));
}
