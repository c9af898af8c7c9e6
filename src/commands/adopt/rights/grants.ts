import type { EntityManager } from '@mikro-orm/postgresql';
import type { Roles } from '../../../services/grants.js';
import type { Shape } from '../../../settings/accounts/shape.js';
import { identifier, literal } from '../../../stores/postgres/schemas.js';
import { type Columns, type Rights, type Touched, touchedBy } from './touched.js';

interface NamedTable {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly hidesRows: boolean;
  readonly columns: Readonly<Record<string, string>>;
  readonly sequences: readonly string[];
}

const namesOf = (oids: readonly string[]) => `
  select c.oid::text as oid, quote_ident(n.nspname) as schema, format('%I.%I', n.nspname, c.relname) as name,
         c.relrowsecurity as "hidesRows",
         (select json_object_agg(attnum::text, quote_ident(attname)) from pg_catalog.pg_attribute
           where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
         coalesce((select json_agg(s.oid::regclass::text) from pg_catalog.pg_depend d
           join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
          where d.refobjid = c.oid and d.deptype = 'a' and d.classid = 'pg_catalog.pg_class'::regclass), '[]') as sequences
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = relnamespace
   where c.oid in (${oids.map(literal).join(', ')}) order by 2, 3`;

/**
 * The GRANTs that three roles need on the app's tables, made from every statement of the shape: the worker looks accounts
 * up, the API resets as well, and the role of migrations runs `latchkey account show` and `latchkey adopt`.
 *
 * @param em in a transaction that is rolled back.
 */
export async function grantsFor(em: EntityManager, shape: Shape, roles: Roles): Promise<string[]> {
  const [server] = await em.execute<{ version: number; mayMake: boolean }[]>(
    `select current_setting('server_version_num')::int as version,
            has_database_privilege(current_database(), 'TEMPORARY') as "mayMake"`,
  );
  if (!server || server.version < firstVersion) return [`-- PostgreSQL 13 ${cannotTell}`];
  if (!server.mayMake) return [`-- A role without the right TEMPORARY on the database ${cannotTell}`];
  const rights = await touchedBy(em, shape);
  const oids = [...new Set(rights.touched.map(({ table }) => table))];
  const tables = oids.length === 0 ? [] : await em.execute<NamedTable[]>(namesOf(oids));
  const reading = rights.touched.filter(({ duty }) => duty === 'findsByAddress');
  const names = [roles.migrate, roles.api, roles.worker].map(identifier);
  return [
    ...[...new Set(tables.map(({ schema }) => schema))].map(
      (each) => `GRANT USAGE ON SCHEMA ${each} TO ${names.join(', ')};`,
    ),
    ...tables.flatMap((table) => grantsOn(table, identifier(roles.api), rights.touched)),
    ...tables.flatMap((table) => grantsOn(table, identifier(roles.worker), reading)),
    ...tables.flatMap((table) => grantsOn(table, identifier(roles.migrate), reading)),
    ...rights.functions.map((each) => `GRANT EXECUTE ON FUNCTION ${each} TO ${names.join(', ')};`),
    ...hints(tables, rights, names),
    ...(await triggersThatAsk(em, rights.touched)).map(
      ({ trigger, on, runs }) =>
        `-- The trigger ${trigger} on ${on} runs ${runs} with the rights of who writes: grant ${identifier(roles.api)} what it does, or make it SECURITY DEFINER.`,
    ),
  ];
}

/** PostgreSQL, pg_trigger.h: on what a trigger runs. */
const runsOn = { insert: 4, delete: 8, update: 16 } as const;

/**
 * Triggers, INSTEAD OF ones too, whose function runs as who writes, and says words of SQL that reach further than the
 * row: what it needs is in no statement of ours.
 */
async function triggersThatAsk(
  em: EntityManager,
  touched: readonly Touched[],
): Promise<{ trigger: string; on: string; runs: string }[]> {
  const written = touched.flatMap(({ table, insert, update, isDeleted }) => {
    const events = (insert ? runsOn.insert : 0) | (update ? runsOn.update : 0) | (isDeleted ? runsOn.delete : 0);
    return events > 0 ? [`(tgrelid = ${literal(table)} and tgtype & ${events} <> 0)`] : [];
  });
  if (written.length === 0) return [];
  return em.execute(`
    select distinct quote_ident(tgname) as trigger, tgrelid::regclass::text as on, tgfoid::regprocedure::text as runs
      from pg_catalog.pg_trigger join pg_catalog.pg_proc p on p.oid = tgfoid
     where not tgisinternal and tgenabled in ('O', 'A') and not prosecdef
       and prosrc ~* '\\m(select|perform|insert|update|delete|execute|notify|call|merge)\\M'
       and (${written.join(' or ')}) order by 1, 2`);
}

/** Of PostgreSQL: the first that parses the body of a function where it is made. */
const firstVersion = 140_000;
const cannotTell = 'cannot be told which rights a statement needs: see the section on rights in docs/adopt.md';

function grantsOn(table: NamedTable, role: string, touched: readonly Touched[]): string[] {
  const here = touched.filter((each) => each.table === table.oid);
  const one = (right: 'select' | 'insert' | 'update') => {
    return onColumns(
      right.toUpperCase(),
      table,
      here.flatMap((each) => (each[right] ? [each[right]] : [])),
    );
  };
  const rights = [
    ...one('select'),
    ...one('insert'),
    ...one('update'),
    ...(here.some(({ isDeleted }) => isDeleted) ? ['DELETE'] : []),
  ];
  const inserts = here.some(({ insert }) => insert !== undefined);
  return [
    ...(rights.length > 0 ? [`GRANT ${rights.join(', ')} ON ${table.name} TO ${role};`] : []),
    ...(inserts ? table.sequences.map((each) => `GRANT USAGE ON SEQUENCE ${each} TO ${role};`) : []),
  ];
}

/** A right on columns; on the table if a statement asks for the whole row, or for any column and for none by name. */
function onColumns(right: string, { columns }: NamedTable, asked: readonly Columns[]): string[] {
  if (asked.length === 0) return [];
  const numbers = [...new Set(asked.flat())].sort((one, other) => one - other);
  if (numbers.length === 0 || numbers.includes(0)) return [right];
  const names = numbers.flatMap((each) => columns[String(each)] ?? []);
  return [`${right} (${names.join(', ')})`];
}

function hints(tables: readonly NamedTable[], { untold }: Rights, names: readonly string[]): string[] {
  const hidden = tables.filter(({ hidesRows }) => hidesRows).map(({ name }) => name);
  return [
    ...untold.map((key) => `-- What "${key}" of the file needs cannot be read from it: grant that by hand.`),
    ...(hidden.length > 0
      ? [
          `-- Row-level security hides rows of ${hidden.join(', ')} from roles that do not pass by it; as a superuser:`,
          ...names.map((each) => `ALTER ROLE ${each} BYPASSRLS;`),
        ]
      : []),
  ];
}
