import type { MikroORM } from '@mikro-orm/postgresql';
import { firstWord, metLimit } from '../../observability/first-word.js';

/** After the colon the SQLSTATE, and what is missing or which limit was met. */
export type DatabaseHealth = 'ok' | 'away' | `${'away' | 'full' | 'read-only' | 'forbidden'}: ${string}`;

/** What a process does with a table; checked at start and by health, and what `latchkey migrate grants` gives. */
export interface TableRight {
  /** Undefined: the schema that our own tables stand in. */
  readonly schema?: string;
  /** As in LIKE, with `%` alone: the job queue has a table for each kind of queue. */
  readonly table: string;
  readonly privileges: readonly ('SELECT' | 'INSERT' | 'UPDATE' | 'DELETE')[];
}

/** A function that a process calls. */
export interface FunctionRight {
  readonly schema?: string;
  readonly function: string;
}

export type DatabaseRight = TableRight | FunctionRight;

interface Row {
  readonly standby: boolean;
  readonly read_only: boolean;
  readonly missing: string[];
}

/**
 * Of `wanted (schema, name, privilege)`: a function's privilege is EXECUTE. What is not there yet is no missing right: the
 * job queue tells of a database that is not migrated.
 */
const question = (wanted: string) => `
  with wanted as (
    select n.oid as schema, name, privilege
      from jsonb_to_recordset('${wanted}') as given (schema text, name text, privilege text)
      join pg_namespace n on n.nspname = coalesce(given.schema, current_schema())
  )
  select pg_is_in_recovery() as standby, current_setting('transaction_read_only')::boolean as read_only,
    array(
      select format('%s on %s', lower(privilege), relname)
        from wanted join pg_class c on c.relnamespace = schema and c.relkind in ('r', 'p')
         and privilege <> 'EXECUTE' and c.relname like replace(name, '_', '\\_')
       where not has_schema_privilege(schema, 'USAGE') or not has_table_privilege(c.oid, privilege)
      union
      select format('execute on %s', proname)
        from wanted join pg_proc p on p.pronamespace = schema and privilege = 'EXECUTE' and proname = name
       where not has_schema_privilege(schema, 'USAGE') or not has_function_privilege(p.oid, privilege)
       order by 1 limit 5
    ) as missing`;

/** Whether PostgreSQL answers, takes writes, and lets this process do what it is there for. Never rejects. */
export async function checkDatabase(orm: MikroORM, rights: readonly DatabaseRight[]): Promise<DatabaseHealth> {
  const wanted = rights.flatMap((right) => {
    const { schema = null } = right;
    if ('function' in right) return [{ schema, name: right.function, privilege: 'EXECUTE' }];
    return right.privileges.map((privilege) => ({ schema, name: right.table, privilege }));
  });
  try {
    // A statement of its own: MikroORM connects with the first one.
    const [row] = await orm.em.fork().execute<Row[]>(question(JSON.stringify(wanted)));
    if (!row) return 'away';
    if (row.standby || row.read_only) return 'read-only: 25006';
    return row.missing.length > 0 ? `forbidden: 42501 ${row.missing.join(', ')}` : 'ok';
  } catch (error) {
    const [word, limit] = [firstWord(error), metLimit(error)];
    if (limit) return `full: ${[word, limit].filter(Boolean).join(' ')}`;
    return word ? `away: ${word}` : 'away';
  }
}
