import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { identifier, type Schemas } from '../../stores/postgres/schemas.js';

/** Why our schemas cannot be used; the message says what the operator can do. */
export class SchemaRefused extends Error {
  override name = 'SchemaRefused';
}

type Em = Pick<SqlEntityManager, 'execute'>;

/**
 * Makes the schemas that are missing.
 *
 * @param ourTables names that are ours, wherever they stand.
 * @returns a warning when a schema that was made stands in the way of another program's names.
 * @throws SchemaRefused when this role may not make or use one, or when one holds tables of another program.
 */
export async function makeSchemas(em: Em, schemas: Schemas, ourTables: readonly string[]): Promise<string[]> {
  const names = [schemas.own, schemas.jobs];
  const [at] = await em.execute<{ role: string; database: string; may: boolean }[]>(
    `select current_user as role, current_database() as database,
            has_database_privilege(current_database(), 'CREATE') as may`,
  );
  if (!at) return [];
  const found = await em.execute<{ name: string; usable: boolean }[]>(
    `select nspname as name, has_schema_privilege(oid, 'USAGE') and has_schema_privilege(oid, 'CREATE') as usable
       from pg_namespace where nspname in (?, ?)`,
    names,
  );
  const role = identifier(at.role);
  const missing = names.filter((name) => !found.some((each) => each.name === name));
  if (missing.length > 0 && !at.may) {
    const statements = missing.map((name) => `create schema ${identifier(name)} authorization ${role}`);
    throw new SchemaRefused(
      `there is no schema ${missing.join(' and no ')}, and the role ${at.role} may not make one in the database ${at.database}: ` +
        `let its owner run \`${statements.join('; ')}\`, and run this again`,
    );
  }
  const closed = found.filter(({ usable }) => !usable).map(({ name }) => name);
  if (closed.length > 0) {
    const list = closed.map(identifier).join(', ');
    throw new SchemaRefused(
      `the role ${at.role} may not make tables in the schema ${closed.join(' and ')}: ` +
        `let its owner run \`grant usage, create on schema ${list} to ${role}\`, and run this again`,
    );
  }
  for (const name of missing) await em.execute(`create schema ${identifier(name)}`);
  return missing.includes(schemas.own) ? inTheWay(em, schemas.own, ourTables) : [];
}

/**
 * The default path of a role is `"$user", public`. So a schema with the name of a role hides the tables of `public` from
 * programs that connect as that role: these make their tables anew in it, or find none.
 */
async function inTheWay(em: Em, own: string, ourTables: readonly string[]): Promise<string[]> {
  const [found] = await em.execute<{ is: boolean }[]>(
    `select exists (select from pg_roles where rolname = ?)
        and exists (select from pg_tables where schemaname = 'public' and tablename <> all (string_to_array(?, ','))) as is`,
    [own, ourTables.join(',')],
  );
  if (!found?.is) return [];
  return [
    `warning: there is a role ${own}, and now a schema of that name, which a program that connects as it searches before ` +
      `public: give that program \`search_path=public\`, or another role`,
  ];
}

/**
 * Refuses a schema in which another program has tables of our names.
 *
 * @param ourTables their names; the first is the table of migrations.
 * @param ourQueues names of our queues.
 * @throws SchemaRefused then.
 */
export async function refuseForeignTables(
  em: Em,
  { own, jobs }: Schemas,
  [migrations, ...ourTables]: readonly [string, ...string[]],
  ourQueues: readonly string[],
): Promise<void> {
  const tables = await em.execute<{ name: string }[]>(
    `select relname as name from pg_class join pg_namespace n on n.oid = relnamespace
      where nspname = ? and relkind in ('r', 'p', 'v', 'm', 'f') order by 1`,
    [own],
  );
  const names = tables.map(({ name }) => name);
  const foreign = names.filter((name) => ourTables.includes(name));
  if (foreign.length > 0 && !names.includes(migrations)) {
    const list = foreign.join(', ');
    throw new SchemaRefused(
      `the schema ${own} holds tables of another program (${list}): give another DATABASE_SCHEMA`,
    );
  }
  const queue = `${identifier(jobs)}.queue`;
  const [there] = await em.execute<{ is: boolean }[]>('select to_regclass(?) is not null as is', [queue]);
  if (!there?.is) return;
  const queues = await em.execute<{ name: string }[]>(`select name from ${queue}`);
  if (queues.length > 0 && !queues.some(({ name }) => ourQueues.includes(name))) {
    throw new SchemaRefused(`the schema ${jobs} holds the job queue of another program: give another DATABASE_SCHEMA`);
  }
}
