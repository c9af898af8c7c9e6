import type { EntityManager } from '@mikro-orm/postgresql';
import type { AccountStatus } from '../../../accounts/account.entity.js';
import type { EventKind } from '../../../audit/kinds.js';
import { given, type Tables } from './tables.js';

/** An account that exists. */
export interface Known {
  readonly id: string;
  readonly email: string;
  readonly hash: string | null;
  readonly status: AccountStatus;
  readonly externalId: string | null;
  readonly version: number;
  /** Null for an account that no import has made. */
  readonly importedVersion: number | null;
  /** SHA-256 of the hash that was imported, in hexadecimal; null if there was none. */
  readonly importedDigest: string | null;
  /**
   * The number of the line by which this run added or changed it (or would, in a dry run); null if it was as it is
   * before.
   */
  readonly line: number | null;
}

/** The accounts that a batch meets, by each of their names. */
export class KnownAccounts {
  readonly #byEmail: ReadonlyMap<string, Known>;
  readonly #byId: ReadonlyMap<string, Known>;
  readonly #byExternalId: ReadonlyMap<string, Known>;

  constructor(all: readonly Known[]) {
    this.#byEmail = new Map(all.map((each) => [each.email, each]));
    this.#byId = new Map(all.map((each) => [each.id, each]));
    this.#byExternalId = new Map(all.flatMap((each) => (each.externalId === null ? [] : [[each.externalId, each]])));
  }

  withAddress(email: string): Known | undefined {
    return this.#byEmail.get(email);
  }

  withId(id: string): Known | undefined {
    return this.#byId.get(id);
  }

  withExternalId(externalId: string | undefined): Known | undefined {
    return externalId === undefined ? undefined : this.#byExternalId.get(externalId);
  }
}

/** For a dry run: the accounts that the whole file would add, in a temporary table of this connection. */
export const rehearsal = 'pg_temp.account_rehearsal';
export const rehearsalTable = `create temporary table if not exists account_rehearsal (id uuid primary key,
  email text unique, password_hash text, line int, external_id text unique, status text,
  credential_version int default 1, imported_version int default 1, imported_digest bytea)`;

export const eventKinds = {
  added: 'account.imported',
  updated: 'account.import-updated',
} as const satisfies Record<string, EventKind>;

/** Look-ups by index, one for each name; one query with `or` would read the whole table. */
const find = (table: string, line: string) =>
  [
    ['account.id', 'given.id'],
    ['account.email', 'given.email'],
    ['account.external_id', 'given."externalId"'],
  ]
    .map(
      ([name, value]) => `
  select account.id, account.email, account.password_hash as hash, account.status, account.external_id as "externalId",
         account.credential_version as version, account.imported_version as "importedVersion",
         encode(account.imported_digest, 'hex') as "importedDigest", ${line} as line
    from ${table} as account join (${given}) as given on ${name} = ${value}`,
    )
    .join(' union ');

/** The line of this run that brought the account; null if its password has changed since: then the file is out of date. */
const lineOfRun = ({ event }: Tables) => `case when account.credential_version = account.imported_version then (
  select (detail ->> 'line')::int from ${event}
   where account_id = account.id and kind in ('${eventKinds.added}', '${eventKinds.updated}') and detail ->> 'run' = ?
   limit 1) end`;

/** @param json the rows of the batch. */
export async function findKnown(
  transaction: EntityManager,
  tables: Tables,
  json: string,
  run: { readonly id: string; readonly dryRun: boolean },
): Promise<KnownAccounts> {
  if (!run.dryRun) {
    const values = [run.id, json, run.id, json, run.id, json];
    return new KnownAccounts(await transaction.execute<Known[]>(find(tables.account, lineOfRun(tables)), values));
  }
  const values = [json, json, json];
  const before = await transaction.execute<Known[]>(find(tables.account, 'null::int'), values);
  const added = await transaction.execute<Known[]>(find(rehearsal, 'account.line'), values);
  return new KnownAccounts([...before, ...added]);
}
