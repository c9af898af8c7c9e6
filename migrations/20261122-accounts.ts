import { Migration } from '@mikro-orm/migrations';

/** Accounts, receipts of resets, audit trail. Forward only. */
export class Accounts extends Migration {
  override name = '20261122-accounts';

  override up(): void {
    this.addSql(`
      create table account (
        id uuid primary key,
        email text not null,
        password_hash text not null,
        locale text,
        status text not null check (status in ('active', 'disabled')),
        credential_version integer not null default 1 check (credential_version >= 1),
        session_version integer not null default 1 check (session_version >= 1),
        credentials_changed_at timestamptz not null default now(),
        created_at timestamptz not null default now(),
        constraint account_email_unique unique (email)
      )`);
    this.addSql(`
      create table reset_receipt (
        digest bytea primary key check (octet_length(digest) = 32),
        account_id uuid not null references account (id) on delete cascade,
        from_version integer not null,
        used_at timestamptz not null default now(),
        replay_count integer not null default 0 check (replay_count between 0 and 3),
        constraint reset_receipt_account_id_from_version_unique unique (account_id, from_version)
      )`);
    this.addSql(`
      create table audit_event (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        kind text not null,
        account_id uuid,
        origin text,
        client text,
        detail jsonb not null default '{}'
      )`);
    this.addSql('create index audit_event_at_index on audit_event (at)');
    this.addSql(
      'create index audit_event_account_id_index on audit_event (account_id, at) where account_id is not null',
    );
  }
}
