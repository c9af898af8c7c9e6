import type { EntityManager } from '@mikro-orm/postgresql';
import { nameOf } from '../../settings/accounts/identifier.js';
import type { Shape } from '../../settings/accounts/shape.js';
import { literal } from '../../stores/postgres/schemas.js';

/** What the statements of a shape depend on beside the shape itself: read from the catalogue. */
export interface Facts {
  /** The column of the hash is of type bytea. */
  readonly hashIsBytes: boolean;
  /** An index on the column of the address itself serves the look-up. */
  readonly emailComparesAsWritten: boolean;
  /** How the row with the hash is locked: a view may hide that an update changes a key of the table below it. */
  readonly lock: 'for no key update' | 'for update';
  /** Milliseconds from our first lock on a row of the app's to the end of the transaction. */
  readonly waits: number;
}

/** Of our own table; no lock of anybody else is in the way there. */
export const ownFacts: Facts = {
  hashIsBytes: false,
  emailComparesAsWritten: true,
  lock: 'for no key update',
  waits: Number.POSITIVE_INFINITY,
};

interface Row {
  readonly email: string | null;
  readonly hash: string | null;
  readonly kind: string | null;
  readonly deadlock: string;
}

/** The name of a column's type; of a domain, the type below it. `table` is SQL and may name no table. */
const typeOf = (table: string, column: string) => `(
  select case when t.typbasetype = 0 then t.typname else b.typname end
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_type b on b.oid = t.typbasetype
   where a.attrelid = pg_catalog.to_regclass(${literal(table)}) and a.attname = ${literal(nameOf(column))}
     and not a.attisdropped)`;

/** @throws the fault of the database. */
export async function readFacts(em: EntityManager, shape: Shape): Promise<Facts> {
  const holder = shape.passwordTable?.table ?? shape.table;
  const [row] = await em.execute<Row[]>(`
    select ${typeOf(shape.table, shape.email)} as email, ${typeOf(holder, shape.passwordHash)} as hash,
           (select relkind::text from pg_catalog.pg_class where oid = pg_catalog.to_regclass(${literal(holder)})) as kind,
           (select setting from pg_catalog.pg_settings where name = 'deadlock_timeout') as deadlock`);
  return {
    hashIsBytes: row?.hash === 'bytea',
    emailComparesAsWritten: shape.emailIsLowerCase || row?.email === 'citext',
    lock: row?.kind === 'v' ? 'for update' : 'for no key update',
    waits: Math.floor(Number(row?.deadlock ?? 1_000) / 2) - 1,
  };
}
