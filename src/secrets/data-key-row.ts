import { hkdfSync, randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { dataKeyBytes, open, seal } from './sealed-key.js';

/** The row is there, and no value of `SECRET` opens it. */
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

/** Undefined when there is none yet. @throws DataKeyUnreadable */
export async function readDataKey(orm: MikroORM, secrets: readonly string[]): Promise<OpenedDataKey | undefined> {
  const [row] = await orm.em.fork().execute<{ sealed: Buffer }[]>('select sealed from data_key');
  if (!row) return undefined;
  for (const [by, secret] of secrets.entries()) {
    const key = open(row.sealed, secret);
    if (key) return { key, by };
  }
  throw new DataKeyUnreadable();
}

/** Makes the data key if there is none; of several that try, one does. Sealed under the first secret. */
export async function makeDataKey(orm: MikroORM, secrets: readonly [string, ...string[]]): Promise<void> {
  const key = (await wasUsedBefore(orm)) ? keyOfTheFirstRelease(secrets[0]) : randomBytes(dataKeyBytes);
  await orm.em
    .fork()
    .execute('insert into data_key (sealed) values (?) on conflict do nothing', [seal(key, secrets[0])]);
}

/** Puts the key under the first secret, which every process knows by now. */
export async function sealAnew(orm: MikroORM, key: Buffer, secret: string): Promise<void> {
  await orm.em.fork().execute('update data_key set sealed = ?, sealed_at = now()', [seal(key, secret)]);
}

export async function forgetDataKey(orm: MikroORM): Promise<void> {
  await orm.em.fork().execute('delete from data_key');
}

/** A deployment of the first release, which named its counters by a subkey of `SECRET`, leaves its traces here. */
async function wasUsedBefore(orm: MikroORM): Promise<boolean> {
  const [row] = await orm.em
    .fork()
    .execute<{ used: boolean }[]>('select exists (select from account) or exists (select from audit_event) as used');
  return row?.used ?? false;
}

/** The very key of its pseudonyms: with it every counter goes on under its name. */
function keyOfTheFirstRelease(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'latchkey pseudonym v1', dataKeyBytes));
}
