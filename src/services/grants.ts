import { queueSchema } from '../jobs/queue/tables.js';
import type { DatabaseRight } from '../stores/postgres/health.js';
import { databaseRights, requestRights } from './rights.js';

export interface Roles {
  /** Owns the tables; used by `latchkey migrate` and `latchkey account`. */
  readonly migrate: string;
  readonly api: string;
  readonly worker: string;
}

/**
 * Makes SQL that creates three roles and gives each the rights that its processes need; further rights on our tables
 * are taken away. It is one transaction and may be run again. Tables that do not exist yet are skipped, because it is
 * run before the first migration and after each.
 *
 * @throws Error when a name cannot be the name of a role, or two roles have the same name.
 */
export function grantsSql({ migrate, api, worker }: Roles): string {
  for (const name of [migrate, api, worker]) {
    if (!/^[A-Za-z_][\w.@-]{0,62}$/.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a role`);
  }
  if (new Set([migrate, api, worker]).size < 3) throw new Error('the three roles need three names');
  const rights = [...rowsOf(api, databaseRights.api), ...rowsOf(worker, databaseRights.worker)];
  const [tables, functions] = [rights.filter(([, , , privileges]) => privileges !== execute), rights.filter(isExecute)];
  const others = `${name(api)}, ${name(worker)}`;
  return `-- Latchkey's roles, printed by \`latchkey migrate grants\`. Run it in Latchkey's database as a role that may make roles and
-- owns the database (or a superuser) before the first \`latchkey migrate up\`, and after each (then ${migrate}
-- will do, where it owns the tables already). It may be run again; what it grants is gone from nobody in between.
-- It sets no password: alter role ${name(api)} password '…', or pg_hba.conf.
--   ${migrate}: owns the tables; for \`latchkey migrate\` and \`latchkey account\`
--   ${api}: for \`latchkey api\`
--   ${worker}: for \`latchkey worker\` and \`latchkey jobs\`
-- None but ${migrate} (and superusers) can change or erase a row of the audit trail.
-- Of these rights requestPasswordReset alone needs those below, and none on accounts; signIn and the others do:
${rowsOf(api, requestRights).map(comment).join('\n')}
begin;
set local lock_timeout = '3s';

do $roles$
declare
  each text;
begin
  foreach each in array array[${[migrate, api, worker].map(literal).join(', ')}] loop
    if not exists (select from pg_roles where rolname = each) then
      execute format('create role %I login', each);
    end if;
    if each <> ${literal(migrate)} and pg_has_role(each, ${literal(migrate)}, 'MEMBER') then
      raise exception 'role % is a superuser or a member of %, so it can change everything', each, ${literal(migrate)};
    end if;
    execute format('grant connect on database %I to %I', current_database(), each);
    execute format('grant usage on schema %I to %I', current_schema(), each);
  end loop;
  execute format('grant create, temporary on database %I to %I', current_database(), ${literal(migrate)});
  execute format('grant create on schema %I to %I', current_schema(), ${literal(migrate)});
  -- Who can make functions beside ours could have ours call them; PostgreSQL 14 and older let everybody.
  execute format('revoke create on schema %I from public, %I, %I', current_schema(), ${literal(api)}, ${literal(worker)});
end $roles$;

-- What another role made is handed over. That role becomes a member of the new owner, so that processes which still run
-- as it go on; a notice says so.
do $owner$
declare
  each record;
  known text[] := array[${[migrate, api, worker].map(literal).join(', ')}];
begin
  for each in
    select * from (
      select 1 as turn, 'schema' as kind, quote_ident(nspname) as name, nspowner as owner
        from pg_namespace where nspname = ${literal(queueSchema)}
      union all
      select 2, 'table', c.oid::regclass::text, relowner
        from pg_class c join pg_namespace n on n.oid = relnamespace
       where relkind in ('r', 'p') and ${oursOr('relname')}
      union all
      select 3, 'function', p.oid::regprocedure::text, proowner
        from pg_proc p join pg_namespace n on n.oid = pronamespace where ${oursOr('proname')}
      union all
      select 4, 'type', t.oid::regtype::text, typowner
        from pg_type t join pg_namespace n on n.oid = typnamespace where typtype = 'e' and nspname = ${literal(queueSchema)}
    ) as everything where pg_get_userbyid(owner) <> ${literal(migrate)} order by turn
  loop
    if pg_get_userbyid(each.owner) <> all (known) then
      known := known || pg_get_userbyid(each.owner)::text;
      if not (select rolsuper from pg_roles where oid = each.owner) then
        execute format('grant %I to %I', ${literal(migrate)}, pg_get_userbyid(each.owner));
        raise notice 'once nothing runs as % any more: revoke ${name(migrate)} from %',
          pg_get_userbyid(each.owner), quote_ident(pg_get_userbyid(each.owner));
      end if;
    end if;
    execute format('alter %s %s owner to %I', each.kind, each.name, ${literal(migrate)});
  end loop;
end $owner$;

do $rights$
declare
  each record;
begin
  for each in
    select 'table' as kind, c.oid::regclass::text as name
      from pg_class c join pg_namespace n on n.oid = relnamespace
       where relkind in ('r', 'p') and ${oursOr('relname')}
    union all
    select 'function', p.oid::regprocedure::text
      from pg_proc p join pg_namespace n on n.oid = pronamespace
     where n.nspname = current_schema() and proname in (${literals(ourFunctions)})
  loop
    execute format('revoke all on %s %s from public, %I, %I', each.kind, each.name, ${literal(api)}, ${literal(worker)});
  end loop;
  if to_regnamespace(${literal(queueSchema)}) is not null then
    grant usage on schema ${name(queueSchema)} to ${others};
  end if;
  for each in
    select role, privileges, c.oid::regclass::text as name
      from (values
${valuesOf(tables)}
      ) as given (role, of, tables, privileges)
      join pg_namespace n on n.nspname = coalesce(of, current_schema())
      join pg_class c on relnamespace = n.oid and relkind in ('r', 'p') and relname like replace(tables, '_', '\\_')
    union all
    select role, privileges, 'function ' || p.oid::regprocedure::text
      from (values
${valuesOf(functions)}
      ) as given (role, of, functions, privileges)
      join pg_namespace n on n.nspname = coalesce(of, current_schema())
      join pg_proc p on pronamespace = n.oid and proname = functions
  loop
    execute format('grant %s on %s to %I', each.privileges, each.name, each.role);
  end loop;
end $rights$;

commit;
`;
}

type Row = readonly [role: string, schema: string | null, name: string, privileges: string];
const execute = 'execute';
const isExecute = ([, , , privileges]: Row) => privileges === execute;

function rowsOf(role: string, rights: readonly DatabaseRight[]): Row[] {
  return rights.map((right) => {
    const { schema = null } = right;
    if ('function' in right) return [role, schema, right.function, execute];
    return [role, schema, right.table, right.privileges.join(', ').toLowerCase()];
  });
}

const literal = (text: string | null) => (text === null ? 'null' : `'${text.replaceAll("'", "''")}'`);
const literals = (list: readonly (string | null)[]) => list.map(literal).join(', ');
const name = (text: string) => `"${text.replaceAll('"', '""')}"`;
const valuesOf = (rows: readonly Row[]) => rows.map((row) => `        (${literals(row)})`).join(',\n');
const comment = ([, schema, of, privileges]: Row) => `--   ${privileges} on ${schema ? `${schema}.` : ''}${of}`;

const all: readonly DatabaseRight[] = [...databaseRights.api, ...databaseRights.worker];
const own = all.filter(({ schema }) => schema === undefined);
const ourFunctions = [...new Set(own.flatMap((right) => ('function' in right ? [right.function] : [])))];
/** No right names `audit_refusal`, because only functions write and read it. */
const ourTables = [
  ...new Set(own.flatMap((right) => ('table' in right ? [right.table] : []))),
  'audit_refusal',
  'latchkey_migration',
];

/** An SQL condition: a name is one of our tables or functions, or belongs to the job queue. */
function oursOr(column: string): string {
  const names = literals(column === 'proname' ? ourFunctions : ourTables);
  return `(n.nspname = ${literal(queueSchema)} or n.nspname = current_schema() and ${column} in (${names}))`;
}
