import type { EntityManager } from '@mikro-orm/postgresql';
import { literal } from '../../../stores/postgres/schemas.js';

/** A trigger that a reset would fire and that may do what no rollback undoes. */
export interface CallingTrigger {
  readonly table: string;
  readonly trigger: string;
  /** What it calls: `the function public.tell_crm(), in plpython3u`. */
  readonly calls: string;
}

interface Reached {
  readonly table: string;
  readonly trigger: string;
  readonly calls: string | null;
  readonly tables: readonly string[];
}

/** Extensions whose functions leave the database, or the transaction. */
const outside = [
  'dblink',
  'http',
  'pg_net',
  'postgres_fdw',
  'pg_background',
  'aws_lambda',
  'aws_s3',
  'pgsql_http',
  'pg_curl',
];
/** What a statement itself can do: COPY to a program or file, large objects, files of the server. */
const leaving = String.raw`\mcopy\M[^;]*\m(program|to\s+')|\mlo_(export|import)\M|\mpg_(file|read|write)_\w+`;
/** Functions that call functions, and triggers that write to tables with triggers, are followed so far. */
const deepest = 5;

/**
 * The first oid that is not PostgreSQL's own (access/transam.h). A trigger's function is followed by the names in its
 * source, so one that builds a name at run time is not seen.
 */
const firstOid = 16_384;

const reached = (tables: readonly string[]) => `
  with recursive functions as (
    select p.oid, p.oid::regprocedure::text as name, proname, l.lanname, l.lanname <> 'internal' and not l.lanpltrusted as untrusted,
           (select extname from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
             where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e') as extension,
           pg_catalog.pg_get_functiondef(p.oid) as source
      from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = prolang
     where p.oid >= ${firstOid} and prokind in ('f', 'p') and proname ~ '^\\w+$'
  ), written(oid) as (
    select oid from pg_catalog.pg_class where oid in (${tables.join(', ')})
    union
    select conrelid from pg_catalog.pg_constraint join written on confrelid = written.oid
     where contype = 'f' and (confdeltype in ('c', 'n', 'd') or confupdtype in ('c', 'n', 'd'))
  ), called(relation, tgname, oid, depth) as (
    select tgrelid, tgname, tgfoid, 1 from pg_catalog.pg_trigger join written on tgrelid = written.oid
     where not tgisinternal and tgenabled <> 'D'
    union
    select relation, tgname, other.oid, depth + 1
      from called join functions caller on caller.oid = called.oid
      join functions other on other.oid <> caller.oid and caller.source ~ ('\\m' || other.proname || '\\M')
     where depth < ${deepest}
  )
  select distinct relation::regclass::text as table, tgname as trigger,
         case when extension in (${outside.map(literal).join(', ')}) then name || ', of the extension ' || extension
              when untrusted and extension is null then name || ', in ' || lanname
              when extension is null and source ~* ${literal(leaving)} then name || ', which reaches files or programs'
         end as calls,
         coalesce((select jsonb_agg(c.oid::text) from pg_catalog.pg_class c
                    where c.oid >= ${firstOid} and c.relkind in ('r', 'p', 'f') and c.relname ~ '^\\w+$'
                      and extension is null and source ~ ('\\m' || c.relname || '\\M')), '[]') as tables
    from called join functions on functions.oid = called.oid`;

const foreignOf = (tables: readonly string[]) => `
  select oid::regclass::text as name from pg_catalog.pg_class where relkind = 'f' and oid in (${tables.join(', ')})`;

/** @param written oids of the tables that a reset writes to. */
export async function callingOut(em: EntityManager, written: readonly string[]): Promise<CallingTrigger[]> {
  const known = new Set(written);
  const found = new Map<string, CallingTrigger>();
  for (let round = 0, size = 0; round < deepest && known.size > size; round++) {
    size = known.size;
    for (const { table, trigger, calls, tables } of await em.execute<Reached[]>(reached([...known]))) {
      for (const each of tables) known.add(each);
      if (calls) found.set(`${table} ${trigger} ${calls}`, { table, trigger, calls: `the function ${calls}` });
    }
  }
  const foreign = known.size === 0 ? [] : await em.execute<{ name: string }[]>(foreignOf([...known]));
  return [
    ...found.values(),
    ...foreign.map(({ name }) => ({ table: name, trigger: '(none)', calls: 'another server: it is a foreign table' })),
  ];
}
