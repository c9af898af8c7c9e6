import type { EntityManager } from '@mikro-orm/postgresql';
import type { Shape } from '../../../settings/accounts/shape.js';
import { identifier, literal, schemasOf } from '../../../stores/postgres/schemas.js';

/** What a transaction has changed so far. */
export interface Changes {
  /** Columns of the row with the hash; null where this role may not read all of them. */
  readonly columns: readonly string[] | null;
  /** Every table, triggers and foreign keys included; not ours. */
  readonly tables: readonly {
    readonly table: string;
    readonly inserted: number;
    readonly updated: number;
    readonly deleted: number;
  }[];
}

type Row = Readonly<Record<string, string>> | null;

/** The row that holds the hash, each value under a hash of its own; null where this role may not read all of it. */
export async function rowOf(em: EntityManager, { table, id, passwordTable: other }: Shape, of: string): Promise<Row> {
  const holder = other?.table ?? table;
  const where = other ? `${other.accountId} = ${literal(of)} and (${other.where}\n)` : `${id} = ${literal(of)}`;
  const [right] = await em.execute<{ may: boolean }[]>(
    `select has_table_privilege(pg_catalog.to_regclass(${literal(holder)}), 'SELECT') as may`,
  );
  if (!right?.may) return null;
  const [found] = await em.execute<{ row: Row }[]>(
    `select (select jsonb_object_agg(key, md5(value::text)) from jsonb_each(to_jsonb(latchkey_row))) as row
       from (select * from ${holder} where ${where}) as latchkey_row`,
  );
  return found?.row ?? null;
}

export async function changesIn(em: EntityManager, before: Row, after: Row): Promise<Changes> {
  const { own, jobs } = schemasOf(em.config.get('schema'));
  const tables = await em.execute<Changes['tables'][number][]>(`
    select format('%I.%I', schemaname, relname) as table, n_tup_ins::int as inserted, n_tup_upd::int as updated,
           n_tup_del::int as deleted
      from pg_catalog.pg_stat_xact_user_tables
     where n_tup_ins + n_tup_upd + n_tup_del > 0 and schemaname not in (${literal(own)}, ${literal(jobs)}) order by 1`);
  const columns =
    before && after
      ? Object.keys(before)
          .filter((column) => before[column] !== after[column])
          .map(shown)
      : null;
  return { columns, tables };
}

const shown = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : identifier(name));
