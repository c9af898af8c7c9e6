import type { EntityManager } from '@mikro-orm/postgresql';
import { type Facts, readFacts } from '../../../accounts/source/facts.js';
import { withId } from '../../../settings/accounts/fragment.js';
import { nameOf } from '../../../settings/accounts/identifier.js';
import type { Shape } from '../../../settings/accounts/shape.js';
import { literal } from '../../../stores/postgres/schemas.js';
import { planOf } from '../plan.js';

/** A statement that needs an index on a large table. */
export interface LookUp {
  /** The key of `ACCOUNTS` that brings it: `email`, `id`, `passwordTable.accountId`, `also[0]`. */
  readonly key: string;
  /** The index that serves it. */
  readonly index: string | null;
  /** SQL that makes one; null where one serves, and where only the operator knows which is missing. */
  readonly make: string | null;
}

interface Scan {
  readonly schema: string | undefined;
  /** Undefined for one that reads the whole table. */
  readonly index: string | undefined;
}

/** Finds the index of every look-up of a shape. Explains, runs nothing. @param em in a transaction. */
export async function lookUpsOf(em: EntityManager, shape: Shape): Promise<LookUp[]> {
  const facts = await readFacts(em, shape);
  const { table, id, email, passwordTable: other } = shape;
  const [row] = await em.execute<{ id: string | null }[]>(
    `select min(id) as id from (select ${id}::text as id from ${table} limit 1) as one`,
  );
  const anyId = row?.id == null ? 'null' : literal(row.id);
  const compared = facts.emailComparesAsWritten ? email : `lower(${email})`;
  const addresses = `${compared} in ('a@b.example', 'c@d.example')`;
  const servedBy = async (key: string, of: string, expression: string, where: string): Promise<LookUp> => {
    const index = await indexFor(em, `select 1 from ${of} where ${where}`, expression);
    return { key, index, make: index ? null : `CREATE INDEX CONCURRENTLY ON ${of} (${expression});` };
  };
  const found = [
    await servedBy('email', table, compared, addresses),
    await servedBy('id', table, id, `${id} = ${anyId}`),
    ...(other
      ? [
          await servedBy(
            'passwordTable.accountId',
            other.table,
            other.accountId,
            `${other.accountId} = ${anyId} and (${other.where}\n)`,
          ),
        ]
      : []),
  ];
  for (const [index, statement] of shape.also.entries()) {
    const scans = await scansOf(em, withId(statement, anyId));
    const used = scans.flatMap((each) => each.index ?? []);
    const isWhole = scans.some((each) => each.index === undefined);
    found.push({ key: `also[${index}]`, index: isWhole ? null : used.join(', ') || '(none is needed)', make: null });
  }
  return found;
}

/** The index that begins with what is looked for; another one would be read as a whole. */
async function indexFor(em: EntityManager, statement: string, expression: string): Promise<string | null> {
  for (const { schema, index } of await scansOf(em, statement)) {
    if (index === undefined) continue;
    const [row] = await em.execute<{ first: string | null }[]>(`
      select pg_catalog.pg_get_indexdef(c.oid, 1, true) as first
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = relnamespace
       where relname = ${literal(index)} and relkind in ('i', 'I') ${schema ? `and nspname = ${literal(schema)}` : ''}`);
    const isLowered = row?.first?.startsWith('lower(') ?? false;
    if (isLowered === expression.startsWith('lower(') && (isLowered || bare(row?.first) === bare(expression)))
      return index;
  }
  return null;
}

/** A view may give a column another name, but not in the index below it. */
const bare = (name: string | null | undefined) => (name ?? '').replaceAll('"', '');

/** What a statement scans where it avoids to read whole tables. */
async function scansOf(em: EntityManager, statement: string): Promise<Scan[]> {
  await em.execute('set local enable_seqscan = off');
  const nodes = await planOf(em, statement);
  await em.execute('set local enable_seqscan = on');
  return nodes.flatMap((node): Scan[] => {
    if (node['Node Type'] === 'Seq Scan') return [{ schema: node.Schema, index: undefined }];
    return node['Index Cond'] === undefined ? [] : [{ schema: node.Schema, index: node['Index Name'] }];
  });
}

/** Whether the collation of the addresses lower-cases the letters of ASCII by rules of a language. */
export async function foreignLetters(em: EntityManager, shape: Shape, facts: Facts): Promise<string | undefined> {
  if (facts.emailComparesAsWritten && shape.emailIsLowerCase) return undefined;
  const [column] = await em.execute<{ collation: string | null }[]>(`
    select case when collname <> 'default' then format('%I.%I', nspname, collname) end as collation
      from pg_catalog.pg_attribute
      join pg_catalog.pg_collation c on c.oid = attcollation join pg_catalog.pg_namespace n on n.oid = collnamespace
     where attrelid = pg_catalog.to_regclass(${literal(shape.table)})
       and attname = ${literal(nameOf(shape.email))}`);
  const by = column?.collation ? ` collate ${column.collation}` : '';
  const [row] = await em.execute<{ isUsual: boolean }[]>(
    `select (lower(${literal(letters)}${by}) collate "C") = ${literal(letters.toLowerCase())} as "isUsual"`,
  );
  return row?.isUsual ? undefined : (column?.collation ?? 'the default of the database');
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
