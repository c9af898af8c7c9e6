import pg from 'pg';
import { HashLimiter } from '../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../src/accounts/passwords/password-hash.js';
import { rows } from './app-database.js';
import type { Accounts, Original, Written } from './original.js';

const argon2 = { memoryKib: 19456, timeCost: 2 };

/** Latchkey's hashing beside an original, with its default cost of argon2id. */
export function ourHashing({ accounts, pepper }: Original, written: Written = accounts.write): PasswordHash {
  const limiter = new HashLimiter({ hashConcurrency: 2, hashQueue: 64 });
  return new PasswordHash(argon2, limiter, undefined, written, { app: true, pepper });
}

export function nameOf(written: Written): string {
  return written.format === 'bcrypt' ? `bcrypt with ${written.prefix} and cost ${written.cost}` : written.format;
}

/** A row that holds a hash, by column. */
export type Row = Readonly<Record<string, unknown>>;

export interface Change {
  readonly before: Row;
  readonly after: Row;
}

const defaults = { id: 'id', email: 'email', passwordHash: 'password_hash', active: 'true', locale: 'NULL', ends: [] };

/**
 * What a reset does to an app's rows, without its guards: the hash and `set` in one UPDATE, then `also`.
 *
 * @returns the row that holds the hash, before and after.
 * @throws Error when not exactly one active account has the address, or not exactly one row its hash.
 */
export async function writeHash(url: string, given: Accounts, address: string, hash: string): Promise<Change> {
  const accounts = { ...defaults, ...given };
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin');
    const look = `select ${accounts.id}::text as id, ${[accounts.locale, ...accounts.ends].join(', ')}
      from ${accounts.table} where ${accounts.email} = $1 and (${accounts.active})`;
    const id = only(await client.query<{ id: string }>(look, [address])).id;
    const literal = `'${id.replaceAll("'", "''")}'`;
    const { table, accountId, where = 'true' } = accounts.passwordTable ?? { ...accounts, accountId: accounts.id };
    const one = `${accountId} = ${literal} and (${where})`;
    const show = `select to_jsonb(target) as row from ${table} target where ${one}`;
    const before = only(await client.query<{ row: Row }>(show)).row;
    const set = Object.entries(accounts.set ?? {}).map(([column, value]) => `, ${column} = ${value}`);
    const change = `update ${table} set ${accounts.passwordHash} = $1${set.join('')} where ${one} returning 1`;
    only(await client.query(change, [hash]));
    for (const each of accounts.also ?? []) await client.query(each.replaceAll(':id', literal));
    const after = only(await client.query<{ row: Row }>(show)).row;
    await client.query('commit');
    return { before, after };
  } finally {
    await client.end();
  }
}

/** Every active account with its address and its hash, as `accounts` finds them. */
export async function hashesIn(url: string, given: Accounts): Promise<{ address: string; hash: string }[]> {
  const accounts = { ...defaults, ...given };
  const { table, accountId, where = 'true' } = accounts.passwordTable ?? { ...accounts, accountId: accounts.id };
  const users = `select ${accounts.id} as id, ${accounts.email} as address from ${accounts.table} where ${accounts.active}`;
  const hashes = `select ${accountId} as id, ${accounts.passwordHash} as hash from ${table} where ${where}`;
  return rows(url, `select address, hash from (${users}) users join (${hashes}) hashes using (id)`);
}

function only<T extends pg.QueryResultRow>({ rows }: pg.QueryResult<T>): T {
  const [row] = rows;
  if (!row || rows.length !== 1) throw new Error(`${rows.length} rows in place of one`);
  return row;
}
