import type { EntityManager } from '@mikro-orm/postgresql';
import { ours } from '../../../stores/postgres/schemas.js';

/** Our tables, with their schema. */
export interface Tables {
  readonly account: string;
  readonly event: string;
}

export function tablesOf(transaction: EntityManager): Tables {
  return { account: ours(transaction, 'account'), event: ours(transaction, 'audit_event') };
}

/** The rows of a batch, as one JSON parameter. */
export const given = `select * from json_to_recordset(?::json) as given(line int, id uuid, email text, hash text,
  locale text, status text, "createdAt" timestamptz, "externalId" text)`;

/** SQL: SHA-256 of a hash; null if there is none. */
export function digestOf(hash: string): string {
  return `sha256(convert_to(${hash}, 'UTF8'))`;
}
