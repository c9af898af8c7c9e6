import { formerQueueSchema } from '../jobs/queue/former-queue.js';
import type { DatabaseRight } from '../stores/postgres/health.js';
import { identifier as name, literal as quoted, type Schemas } from '../stores/postgres/schemas.js';
import { databaseRights } from './rights.js';

export interface Roles {
  /** Owns the tables; used by `latchkey migrate` and `latchkey account`. */
  readonly migrate: string;
  readonly api: string;
  readonly worker: string;
}

/** @throws Error when a name cannot be the name of a role, or two roles have the same name. */
export function expectNames({ migrate, api, worker }: Roles): void {
  for (const each of [migrate, api, worker]) {
    if (!/^[A-Za-z_][\w.@-]{0,62}$/.test(each)) throw new Error(`${JSON.stringify(each)} is no name of a role`);
  }
  if (new Set([migrate, api, worker]).size < 3) throw new Error('the three roles need three names');
}

/**
 * Makes SQL that creates three roles and gives each the rights that its processes need; further rights on our tables
 * are taken away. It makes our schemas, too, so that no role needs a right to make one. It is one transaction and may be
 * run again. Tables that do not exist yet are skipped, because it is run before the first migration and after each.
 *
 * @throws Error when a name cannot be the name of a role, or two roles have the same name.
 */
export function grantsSql(roles: Roles, schemas: Schemas): string {
  expectNames(roles);
  const { migrate, api, worker } = roles;
  const needed = databaseRights(schemas);
  const rights = [...rowsOf(api, needed.api), ...rowsOf(worker, needed.worker)];
  const [tables, functions] = [rights.filter(([, , , privileges]) => privileges !== execute), rights.filter(isExecute)];
  const oursAndQueue = [schemas.own, schemas.jobs];
  const inOurs = `n.nspname in (${literals(oursAndQueue)})`;
  return `-- Latchkey's roles, printed by \`latchkey migrate grants\`. Run it in Latchkey's database as a role that may make roles and
-- owns the database (or a superuser) before the first \`latchkey migrate up\`, and after each (then ${migrate}
-- will do, where it owns the tables already). It may be run again; what it grants is gone from nobody in between.
-- It sets no password: alter role ${name(api)} password '…', or pg_hba.conf.
--   ${migrate}: owns the tables; for \`latchkey migrate\` and \`latchkey account\`
--   ${api}: for \`latchkey api\`
--   ${worker}: for \`latchkey worker\` and \`latchkey jobs\`
-- Everything is in the schemas ${oursAndQueue.join(' and ')}; no other schema is read or changed.
-- None but ${migrate} (and superusers) can change or erase a row of the audit trail.
-- Of these rights requestPasswordReset alone needs those below, and none on accounts; signIn and the others do:
${rowsOf(api, needed.request).map(comment).join('\n')}
begin;
set local lock_timeout = '3s';

do $roles$
declare
  each text;
  of text;
begin
  foreach of in array array[${literals(oursAndQueue)}] loop
    if to_regnamespace(quote_ident(of)) is null then
      execute format('create schema %I', of);
    end if;
  end loop;
  foreach each in array array[${literals([migrate, api, worker])}] loop
    if not exists (select from pg_roles where rolname = each) then
      execute format('create role %I login', each);
    end if;
    if each <> ${quoted(migrate)} and pg_has_role(each, ${quoted(migrate)}, 'MEMBER') then
      raise exception 'role % is a superuser or a member of %, so it can change everything', each, ${quoted(migrate)};
    end if;
    execute format('grant connect on database %I to %I', current_database(), each);
  end loop;
  execute format('grant temporary on database %I to %I', current_database(), ${quoted(migrate)});
  foreach of in array array[${literals(oursAndQueue)}] loop
    -- Who can make functions beside ours could have ours call them.
    execute format('revoke create on schema %I from public, %I, %I', of, ${quoted(api)}, ${quoted(worker)});
    execute format('grant usage on schema %I to %I, %I', of, ${quoted(api)}, ${quoted(worker)});
    if not (has_schema_privilege(${quoted(migrate)}, of, 'CREATE WITH GRANT OPTION')
            and has_schema_privilege(${quoted(migrate)}, of, 'USAGE WITH GRANT OPTION')) then
      execute format('grant usage, create on schema %I to %I with grant option', of, ${quoted(migrate)});
    end if;
  end loop;
end $roles$;

-- What another role made is handed over. That role becomes a member of the new owner, so that processes which still run
-- as it go on; a notice says so. A schema of the role that runs this, or that it may not give away, stays.
do $owner$
declare
  each record;
  known text[] := array[${literals([migrate, api, worker])}];
begin
  for each in
    select * from (
      select 1 as turn, 'schema' as kind, quote_ident(nspname) as name, nspowner as owner
        from pg_namespace n where ${inOurs} and pg_get_userbyid(nspowner) <> current_user and pg_has_role(nspowner, 'USAGE')
      union all
      select 2, 'table', format('%I.%I', nspname, relname), relowner
        from pg_class c join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'p') and ${inOurs}
      union all
      select 3, 'function', format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid)), proowner
        from pg_proc p join pg_namespace n on n.oid = pronamespace where ${inOurs}
      union all
      select 4, 'type', format('%I.%I', nspname, typname), typowner
        from pg_type t join pg_namespace n on n.oid = typnamespace where typtype = 'e' and ${inOurs}
    ) as everything where pg_get_userbyid(owner) <> ${quoted(migrate)} order by turn
  loop
    if pg_get_userbyid(each.owner) <> all (known) then
      known := known || pg_get_userbyid(each.owner)::text;
      if not (select rolsuper from pg_roles where oid = each.owner) then
        execute format('grant %I to %I', ${quoted(migrate)}, pg_get_userbyid(each.owner));
        raise notice 'once nothing runs as % any more: revoke ${name(migrate)} from %',
          pg_get_userbyid(each.owner), quote_ident(pg_get_userbyid(each.owner));
      end if;
    end if;
    execute format('alter %s %s owner to %I', each.kind, each.name, ${quoted(migrate)});
  end loop;
end $owner$;

do $rights$
declare
  each record;
begin
  for each in
    select 'table' as kind, format('%I.%I', nspname, relname) as name
      from pg_class c join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'p') and ${inOurs}
    union all
    select 'function', format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid))
      from pg_proc p join pg_namespace n on n.oid = pronamespace where n.nspname = ${quoted(schemas.own)}
  loop
    execute format('revoke all on %s %s from public, %I, %I', each.kind, each.name, ${quoted(api)}, ${quoted(worker)});
  end loop;
  for each in
    select role, privileges, format('%I.%I', nspname, relname) as name
      from (values
${valuesOf(tables)}
      ) as given (role, of, tables, privileges)
      join pg_namespace n on n.nspname = of
      join pg_class c on relnamespace = n.oid and relkind in ('r', 'p') and relname like replace(tables, '_', '\\_')
    union all
    select role, privileges, format('function %I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid))
      from (values
${valuesOf(functions)}
      ) as given (role, of, functions, privileges)
      join pg_namespace n on n.nspname = of
      join pg_proc p on pronamespace = n.oid and proname = functions
  loop
    execute format('grant %s on %s to %I', each.privileges, each.name, each.role);
  end loop;
end $rights$;
${formerQueue(schemas, worker)}
commit;
`;
}

/** After an upgrade from a version whose queue was in `pgboss`, the worker empties that queue. */
function formerQueue({ own }: Schemas, worker: string): string {
  const home = quoted(`${name(own)}.former_home`);
  return `
-- The last version's job queue, which the worker empties after the upgrade (docs/operate.md#upgrade).
do $former$
declare
  each text;
  is_former boolean := false;
begin
  if to_regclass(${home}) is not null and to_regclass('${formerQueueSchema}.queue') is not null then
    execute format('select exists (select from %s)', ${home}) into is_former;
  end if;
  if not is_former then
    return;
  end if;
  grant usage on schema ${formerQueueSchema} to ${name(worker)};
  grant select on ${formerQueueSchema}.queue to ${name(worker)};
  for each in
    select relname from pg_class
     where relnamespace = '${formerQueueSchema}'::regnamespace and relkind in ('r', 'p') and relname like 'job%'
  loop
    execute format('grant select, update, delete on ${formerQueueSchema}.%I to %I', each, ${quoted(worker)});
  end loop;
exception when insufficient_privilege then
  raise warning 'the worker may lack rights on schema ${formerQueueSchema}, whose owner has to grant them';
end $former$;
`;
}

type Row = readonly [role: string, schema: string, name: string, privileges: string];
const execute = 'execute';
const isExecute = ([, , , privileges]: Row) => privileges === execute;

function rowsOf(role: string, rights: readonly DatabaseRight[]): Row[] {
  return rights.map((right) => {
    if ('function' in right) return [role, right.schema, right.function, execute];
    return [role, right.schema, right.table, right.privileges.join(', ').toLowerCase()];
  });
}

const literals = (list: readonly string[]) => list.map(quoted).join(', ');
const valuesOf = (rows: readonly Row[]) => rows.map((row) => `        (${literals(row)})`).join(',\n');
const comment = ([, schema, of, privileges]: Row) => `--   ${privileges} on ${schema}.${of}`;
