import type { EntityManager } from '@mikro-orm/postgresql';
import { literal, type Schemas } from '../../../stores/postgres/schemas.js';
import type { Catalogue, Table } from './table.js';

const columnsOf = `
  select json_agg(json_build_object('name', attname, 'sql', quote_ident(attname),
           'type', coalesce(base.typname, own.typname), 'category', own.typcategory,
           'isNullable', not attnotnull, 'isGenerated', attgenerated <> '') order by attnum)
    from pg_catalog.pg_attribute
    join pg_catalog.pg_type own on own.oid = atttypid
    left join pg_catalog.pg_type base on base.oid = own.typbasetype
   where attrelid = c.oid and attnum > 0 and not attisdropped`;

const keyOf = `
  select attname from pg_catalog.pg_index
    join pg_catalog.pg_attribute on attrelid = indrelid and attnum = indkey[0]
   where indrelid = c.oid and indisprimary and indnkeyatts = 1`;

const foreignKeysOf = `
  select json_agg(json_build_object('column', attname, 'table', format('%I.%I', tn.nspname, t.relname)))
    from pg_catalog.pg_constraint f
    join pg_catalog.pg_attribute on attrelid = f.conrelid and attnum = f.conkey[1]
    join pg_catalog.pg_class t on t.oid = f.confrelid
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
   where f.conrelid = c.oid and f.contype = 'f' and cardinality(f.conkey) = 1`;

const readsOf = `
  select json_agg(distinct format('%I.%I', tn.nspname, t.relname))
    from pg_catalog.pg_rewrite r
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
    join pg_catalog.pg_class t on d.refclassid = 'pg_catalog.pg_class'::regclass and t.oid = d.refobjid
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
   where r.ev_class = c.oid and t.oid <> c.oid`;

/** Reads the tables and views of the app; not those of PostgreSQL, of extensions and of ours. Needs no right on them. */
export async function readCatalogue(em: EntityManager, schemas: Schemas): Promise<Catalogue> {
  return em.execute<Table[]>(`
    select n.nspname as schema, c.relname as name, format('%I.%I', n.nspname, c.relname) as sql,
           case c.relkind when 'v' then 'view' else 'table' end as kind, c.relrowsecurity as "hasRowSecurity",
           coalesce((${columnsOf}), '[]') as columns, (${keyOf}) as key,
           coalesce((${foreignKeysOf}), '[]') as "foreignKeys", coalesce((${readsOf}), '[]') as reads
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v') and not c.relispartition and c.relpersistence <> 't'
       and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
       and n.nspname not in (${literal(schemas.own)}, ${literal(schemas.jobs)})
       and not exists (select from pg_catalog.pg_depend e
                        where e.classid = 'pg_catalog.pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
     order by n.nspname, c.relname`);
}
