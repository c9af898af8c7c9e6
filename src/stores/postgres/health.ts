import type { MikroORM } from '@mikro-orm/postgresql';
import { firstWord, metLimit } from '../../observability/first-word.js';

/** The state of PostgreSQL; after the colon the SQLSTATE, and which right is missing or which limit was met. */
export type DatabaseHealth = 'ok' | 'away' | `${'away' | 'full' | 'read-only' | 'forbidden'}: ${string}`;

/** Rights on a table that a process needs; checked at start and by health, and granted by `latchkey migrate grants`. */
export interface TableRight {
  readonly schema: string;
  /** May contain `%` as in LIKE (`_` stands for itself), because the job queue has several tables. */
  readonly table: string;
  readonly privileges: readonly ('SELECT' | 'INSERT' | 'UPDATE' | 'DELETE')[];
}

/** A function that a process calls. */
export interface FunctionRight {
  readonly schema: string;
  readonly function: string;
}

export type DatabaseRight = TableRight | FunctionRight;

interface Row {
  readonly standby: boolean;
  readonly read_only: boolean;
  readonly missing: string[];
}

/**
 * Finds the missing rights among `wanted (schema, name, privilege)`; EXECUTE is for a function. A table or function
 * that does not exist yet is not reported here: the state of the job queue shows that the database is not migrated.
 */
const question = (wanted: string) => `
  with wanted as (
    select n.oid as schema, name, privilege
      from jsonb_to_recordset('${wanted}') as given (schema text, name text, privilege text)
      join pg_namespace n on n.nspname = given.schema
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

/** Whether PostgreSQL answers, takes writes, and gives this process the rights that it needs. Never rejects. */
export async function checkDatabase(orm: MikroORM, rights: readonly DatabaseRight[]): Promise<DatabaseHealth> {
  const wanted = rights.flatMap((right) => {
    const { schema } = right;
    if ('function' in right) return [{ schema, name: right.function, privilege: 'EXECUTE' }];
    return right.privileges.map((privilege) => ({ schema, name: right.table, privilege }));
  });
  try {
    // MikroORM connects with its first statement, so this also finds out whether it can connect.
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
