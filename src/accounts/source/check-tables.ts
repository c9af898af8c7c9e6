import type { EntityManager } from '@mikro-orm/postgresql';
import { nameOf } from '../../settings/accounts/identifier.js';
import type { Shape } from '../../settings/accounts/shape.js';
import { literal } from '../../stores/postgres/schemas.js';
import { type Facts, readFacts } from './facts.js';
import type { TableFault } from './verdict.js';

interface Column {
  /** Quoted where it has to be, for people. */
  readonly name: string;
  readonly raw: string;
  readonly type: string;
  readonly category: string;
  /** Of a varchar or char; null otherwise. */
  readonly length: number | null;
}

interface Table {
  readonly kind: string | null;
  readonly hidesRows: boolean | null;
  readonly columns: readonly Column[] | null;
}

const readTable = (table: string) => `
  select (select relkind::text from pg_catalog.pg_class where oid = t.oid) as kind,
         pg_catalog.row_security_active(t.oid) as "hidesRows",
         (select json_agg(json_build_object('name', quote_ident(attname), 'raw', attname, 'type', typname, 'category', typcategory,
                   'length', case when typname in ('varchar', 'bpchar') and atttypmod > 4 then atttypmod - 4 end))
            from pg_catalog.pg_attribute a join pg_catalog.pg_type on pg_type.oid = atttypid
           where attrelid = t.oid and attnum > 0 and not attisdropped) as columns
    from (select pg_catalog.to_regclass(${literal(table)})::oid as oid) as t`;

const kinds: Readonly<Record<string, string>> = {
  m: 'is a materialized view, which nobody can update; name the table or a plain view',
  f: 'is a foreign table, whose rows cannot be locked here; name a table of this database',
  S: 'is a sequence',
  i: 'is an index',
  c: 'is a type',
};

/** What the catalogue tells without a right on the tables: tables, columns, types. */
export async function checkTables(
  em: EntityManager,
  shape: Shape,
  hashLength: number,
): Promise<{ faults: TableFault[]; facts: Facts | undefined }> {
  const faults: TableFault[] = [];
  const { passwordTable: other } = shape;
  const columnsOf = async (key: string, table: string): Promise<readonly Column[] | undefined> => {
    const [found] = await em.execute<Table[]>(readTable(table));
    if (!found?.kind) {
      faults.push({
        key,
        fault: `was ${table}, which does not exist in this database, or this role may not see its schema`,
      });
      return undefined;
    }
    const wrong = kinds[found.kind];
    if (wrong) faults.push({ key, fault: `was ${table}, which ${wrong}` });
    if (found.hidesRows) faults.push({ key, fault: `was ${table}; ${hidden}` });
    return found.columns ?? [];
  };
  const columnOf = (key: string, columns: readonly Column[] | undefined, column: string): Column | undefined => {
    const found = columns?.find(({ raw }) => raw === nameOf(column));
    if (columns && !found) {
      faults.push({
        key,
        fault: `was ${column}, which is no column there; there are ${columns.map((each) => each.name).join(', ')}`,
      });
    }
    return found;
  };
  const columns = await columnsOf('table', shape.table);
  const holder = other ? await columnsOf('passwordTable.table', other.table) : columns;
  columnOf('id', columns, shape.id);
  const email = columnOf('email', columns, shape.email);
  const hash = columnOf('passwordHash', holder, shape.passwordHash);
  if (other) columnOf('passwordTable.accountId', holder, other.accountId);
  for (const { column } of shape.set) columnOf(`set.${nameOf(column)}`, holder, column);
  if (email && email.category !== 'S') {
    faults.push({
      key: 'email',
      fault: `is of type ${email.type}, which cannot be compared with an address; allowed: text, varchar, citext`,
    });
  }
  if (hash && hash.category !== 'S' && hash.type !== 'bytea') {
    faults.push({
      key: 'passwordHash',
      fault: `is of type ${hash.type}, which holds no hash; allowed: text, varchar, bytea`,
    });
  }
  if (hash && hash.length !== null && hash.length < hashLength) {
    const fault = `holds ${hash.length} characters, and the hashes that "write" makes have ${hashLength}; widen the column, or write bcrypt, which has 60`;
    faults.push({ key: 'passwordHash', fault });
  }
  return { faults, facts: faults.length > 0 ? undefined : await readFacts(em, shape) };
}

const hidden =
  'row-level security stands between its rows and this role, and an account that it hides looks like none; give the role BYPASSRLS, or name a view whose owner sees every row';
