import type { MikroORM } from '@mikro-orm/postgresql';
import { dummyOf } from '../../../src/accounts/passwords/forms/names.js';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import { type Adoption, adopt, shapeOf } from '../../../src/commands/adopt/adopt.js';
import { inTransaction } from '../../../src/commands/adopt/in-transaction.js';
import { type Ask, askNobody } from '../../../src/commands/adopt/open-choice.js';
import { type Rehearsal, rehearse } from '../../../src/commands/adopt/rehearsal/rehearse.js';
import { grantsFor } from '../../../src/commands/adopt/rights/grants.js';
import type { AccountsFile } from '../../../src/commands/adopt/shapes/proposal.js';
import { openDatabase } from '../../../src/services/database.js';
import { schemasOf } from '../../../src/stores/postgres/schemas.js';
import type { TestDatabase } from '../../support/test-database.js';

export const roles = { migrate: 'latchkey_migrate', api: 'latchkey_api', worker: 'latchkey_worker' };

export type GivenOptions = Parameters<typeof adopt>[1];

/** Makes an app's tables, in its own schema whatever the path of the session is. */
export async function makeTables(database: Pick<TestDatabase, 'query'>, tables: string): Promise<void> {
  await database.query(`set search_path to public; ${tables}; reset search_path`);
}

/** `latchkey adopt`, without its process and its file. */
export function adoptIn(
  url: string,
  given: GivenOptions = {},
  ask: Ask = askNobody,
  more: { hasPepper?: boolean } = {},
): Promise<Adoption> {
  const argon2 = { memoryKib: 19456, timeCost: 2 };
  return withDatabase(url, (orm) => adopt({ orm, schemas: schemasOf(), argon2, ask, ...more }, given, roles));
}

/** `latchkey adopt --grants`, without its process. */
export function grantsIn(url: string, accounts: AccountsFile): Promise<string[]> {
  const shape = shapeOf(accounts);
  return withDatabase(url, (orm) => inTransaction(orm, (em) => grantsFor(em, shape, roles), 'rolled back'));
}

/** `latchkey adopt --check`, without its process. */
export function rehearseIn(
  url: string,
  accounts: AccountsFile,
  options: Parameters<typeof rehearse>[1] = {},
  pepper?: string,
): Promise<Rehearsal> {
  const shape = shapeOf(accounts);
  const limiter = new HashLimiter({ hashConcurrency: 1, hashQueue: 1 });
  const passwordHash = new PasswordHash({ memoryKib: 19456, timeCost: 2 }, limiter, undefined, shape.write, {
    app: true,
    pepper,
  });
  const hashLength = dummyOf(passwordHash.ownForm).length;
  return withDatabase(url, (orm) => rehearse({ orm, shape, passwordHash, hashLength }, options));
}

async function withDatabase<T>(url: string, work: (orm: MikroORM) => Promise<T>): Promise<T> {
  const orm = openDatabase(url, { poolSize: 1 });
  try {
    return await work(orm);
  } finally {
    await orm.close(true);
  }
}
