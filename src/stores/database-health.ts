import type { MikroORM } from '@mikro-orm/postgresql';
import { firstWord, metLimit } from './first-word.js';

/** After the colon the SQLSTATE, and what is missing or which limit was met. */
export type DatabaseHealth = 'ok' | 'away' | `${'away' | 'full' | 'read-only' | 'forbidden'}: ${string}`;

/** What a process does with a table; checked at start and by health, and what `latchkey migrate grants` gives. */
export interface TableRight {
  /** Undefined: the schema that our own tables stand in. */
  readonly schema?: string;
  /** As in LIKE: the job queue has a table for each kind of queue. */
  readonly table: string;
  readonly privileges: readonly ('SELECT' | 'INSERT' | 'UPDATE' | 'DELETE')[];
}

interface Row {
  readonly standby: boolean;
  readonly read_only: boolean;
  readonly missing: string[];
}

/** A table that is not there yet is no missing right: the job queue tells of a database that is not migrated. */
const question = (wanted: string) => `
  select pg_is_in_recovery() as standby, current_setting('transaction_read_only')::boolean as read_only,
    array(
      select distinct format('%s on %s', lower(privilege), relname)
        from jsonb_to_recordset('${wanted}') as wanted (schema text, "table" text, privilege text)
        join pg_namespace n on n.nspname = coalesce(wanted.schema, current_schema())
        join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p') and c.relname like wanted."table"
       where not has_schema_privilege(n.oid, 'USAGE') or not has_table_privilege(c.oid, privilege)
       order by 1 limit 5
    ) as missing`;

/** Whether PostgreSQL answers, takes writes, and lets this process do what it is there for. Never rejects. */
export async function checkDatabase(orm: MikroORM, rights: readonly TableRight[]): Promise<DatabaseHealth> {
  const wanted = rights.flatMap(({ schema, table, privileges }) =>
    privileges.map((privilege) => ({ schema: schema ?? null, table, privilege })),
  );
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
