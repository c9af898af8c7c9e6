import { Migration } from '@mikro-orm/migrations';

/**
 * The worker erases old audit events without a right to delete any: this function runs as its owner and knows itself how
 * long the trail is kept. Who calls it chooses how many rows go, never which. Whoever owns the table may still delete
 * from it, so older processes go on as before. Only adds to the catalogue.
 */
export class EraseAuditEvents extends Migration {
  override name = '20261126-erase-audit-events';

  override up(): void {
    this.addSql(`do $migration$ begin execute format($function$
      create function erase_old_audit_events(most integer) returns bigint
        language sql security definer set search_path = pg_catalog, pg_temp as $body$
          with erased as (
            delete from %1$I.audit_event where id in (
              select id from %1$I.audit_event where at < now() - interval '400 days' limit most) returning 1)
          select count(*) from erased
        $body$ $function$, current_schema()); end $migration$`);
  }
}
