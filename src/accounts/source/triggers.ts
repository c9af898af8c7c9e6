import { literal } from '../../stores/postgres/schemas.js';

/** The triggers of a table that may change a row while it is written, by name. @param table as SQL. */
export function triggersOf(table: string): string {
  return `select tgname as name from pg_catalog.pg_trigger
    where tgrelid = pg_catalog.to_regclass(${literal(table)}) and not tgisinternal and tgenabled <> 'D'
      and (tgtype & 2 = 2 or tgtype & 64 = 64) and tgtype & 16 = 16 order by 1`;
}
