import type { EntityManager } from '@mikro-orm/postgresql';
import { quoteOf } from '../../../accounts/source/account-sql.js';
import { readFacts } from '../../../accounts/source/facts.js';
import { probesOf } from '../../../accounts/source/probes.js';
import type { Duties } from '../../../accounts/source/verdict.js';
import type { Shape } from '../../../settings/accounts/shape.js';

/** The columns of a table that a statement reads or writes, by number: none means that any will do, 0 is the whole row. */
export type Columns = readonly number[];

/** The rights on a table that a statement needs, as the server checks them. */
export interface Touched {
  readonly duty: keyof Duties;
  /** Of pg_class. */
  readonly table: string;
  readonly select: Columns | undefined;
  readonly insert: Columns | undefined;
  readonly update: Columns | undefined;
  readonly isDeleted: boolean;
}

export interface Rights {
  readonly touched: readonly Touched[];
  /** Functions that may be called only by whom they were granted to: `public.f(text)`. */
  readonly functions: readonly string[];
  /** Statements of `also` of which the server does not tell what they need. */
  readonly untold: readonly string[];
}

/** In place of our table beside the app's, which may not be there yet and has rights of its own. */
const beside = `(select null::text as table_name, null::text as account_id, 1 as version, 1 as session_version,
  null::timestamptz as changed_at, now() as created_at)`;

/** PostgreSQL, acl.h: what a statement asks for. */
const asks = { insert: 1, select: 2, update: 4, delete: 8 } as const;
/** PostgreSQL 12 and newer, sysattr.h: columns are counted from here, so that those of the system are counted too. */
const beforeFirst = 7;
const members = String.raw`\(b((?: \d+)*)\)`;
const asked = new RegExp(
  String.raw`:relid (\d+)(?:(?!:relid )[\s\S])*?:requiredPerms (\d+) :checkAsUser \d+ :selectedCols ${members} :insertedCols ${members} :updatedCols ${members}`,
  'g',
);

/**
 * What every statement of a shape needs, by the server's own parser: each becomes the body of a function, which is
 * parsed and not run, and of which PostgreSQL keeps the rights that it will check. The functions are temporary, and the
 * transaction has to be rolled back.
 *
 * @throws the fault of the database: PostgreSQL 13 knows no such functions.
 */
export async function touchedBy(em: EntityManager, shape: Shape): Promise<Rights> {
  const facts = await readFacts(em, shape);
  const touched: Touched[] = [];
  const untold: string[] = [];
  for (const [index, { key, statement, duty }] of probesOf(shape, facts, quoteOf(em), beside).entries()) {
    const body = await bodyOf(em, `${probe}${index}`, statement, key.startsWith('also['));
    if (body === undefined) untold.push(key);
    for (const found of (body ?? '').matchAll(asked)) touched.push(rightsIn(found, duty));
  }
  const functions = await em.execute<{ name: string }[]>(`
    select distinct d.refobjid::regprocedure::text as name
      from pg_catalog.pg_depend d join pg_catalog.pg_proc p on p.oid = d.objid
     where d.classid = 'pg_catalog.pg_proc'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
       and p.pronamespace = pg_my_temp_schema() and p.proname like '${probe}%'
       and not has_function_privilege('public', d.refobjid, 'EXECUTE')`);
  return { touched, functions: functions.map(({ name }) => name), untold };
}

const probe = 'latchkey_probe_';

/** The body as the server keeps it. @param mayFail for what is no plain statement: CALL, for instance. */
async function bodyOf(
  em: EntityManager,
  name: string,
  statement: string,
  mayFail: boolean,
): Promise<string | undefined> {
  if (mayFail) await em.execute('savepoint latchkey_probe');
  try {
    await em.execute(`create function pg_temp.${name}() returns void language sql begin atomic ${statement}\n; end`);
  } catch (error) {
    if (!mayFail) throw error;
    await em.execute('rollback to savepoint latchkey_probe');
    return undefined;
  }
  const [row] = await em.execute<{ body: string }[]>(
    `select prosqlbody::text as body from pg_catalog.pg_proc where oid = 'pg_temp.${name}'::regproc`,
  );
  return row?.body;
}

function rightsIn([, table = '', perms, selected, inserted, updated]: RegExpMatchArray, duty: keyof Duties): Touched {
  const asksFor = (right: keyof typeof asks) => (Number(perms) & asks[right]) !== 0;
  const columns = (text = '') => [...text.matchAll(/\d+/g)].map(([each]) => Number(each) - beforeFirst);
  return {
    duty,
    table,
    select: asksFor('select') ? columns(selected) : undefined,
    insert: asksFor('insert') ? columns(inserted) : undefined,
    update: asksFor('update') ? columns(updated) : undefined,
    isDeleted: asksFor('delete'),
  };
}
