import { Migration } from '@mikro-orm/migrations';

/**
 * Refusals are counted, one row for each client, kind and hour: a stranger's flood must not fill the table that tells of
 * it. New tables and functions only, so older processes go on as before. The functions run as their owner: who calls
 * them can raise a count, and erase what is older than the trail is kept, and nothing else.
 */
export class Refusals extends Migration {
  override name = '20261126-refusals';

  override up(): void {
    this.addSql(`
      create table audit_refusal (
        hour timestamptz not null,
        kind text not null,
        detail text not null default '',
        client text not null,
        account_id uuid,
        count bigint not null check (count > 0),
        first_at timestamptz not null,
        last_at timestamptz not null
      )`);
    this.addSql(`create unique index audit_refusal_once on audit_refusal (hour, kind, detail, client, (${who}))`);
    this.addSql('create index audit_refusal_account on audit_refusal (account_id, hour) where account_id is not null');
    this.addSql(
      inThisSchema(
        'count_refusals(refusals jsonb) returns void',
        `insert into audit_refusal
           select date_trunc('hour', now() at time zone 'UTC') at time zone 'UTC', kind, detail, client, account_id,
                  greatest(1, count), now(), now()
             from jsonb_to_recordset(refusals)
               as given (kind text, detail text, client text, account_id uuid, count bigint)
            order by kind, detail, client, account_id
         on conflict (hour, kind, detail, client, (${who})) do update
           set count = audit_refusal.count + excluded.count, last_at = excluded.last_at`,
      ),
    );
    this.addSql(
      inThisSchema(
        'erase_old_refusals(most integer) returns bigint',
        `with erased as (
           delete from audit_refusal where ctid = any (array(
             select ctid from audit_refusal where hour < now() - interval '400 days' limit most)) returning 1)
         select count(*) from erased`,
      ),
    );
  }
}

/** NULL is one value here; PostgreSQL 13 and 14 have no NULLS NOT DISTINCT. */
const who = `coalesce(account_id, '00000000-0000-0000-0000-000000000000')`;

/** A function that runs as its owner must find our table, and no temporary one of its caller's. */
function inThisSchema(head: string, body: string): string {
  return `do $migration$ begin execute format($function$
      create function ${head} language sql security definer set search_path = %I, pg_temp as $body$
        ${body}
      $body$ $function$, current_schema()); end $migration$`;
}
