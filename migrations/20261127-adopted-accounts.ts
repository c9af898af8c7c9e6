import { Migration } from '@mikro-orm/migrations';

/**
 * Versions of accounts that live in an app's table (`ACCOUNTS`), and receipts of resets there. New columns and a new
 * table; the receipts of our own table, those of 30 days, are read once for the check. The old version of the program
 * writes and reads receipts as before.
 */
export class AdoptedAccounts extends Migration {
  override name = '20261127-adopted-accounts';

  override up(): void {
    this.addSql(`
      create table adopted_account (
        id uuid primary key,
        table_name text collate "C" not null,
        account_id text collate "C" not null,
        version integer not null default 1,
        session_version integer not null default 1,
        created_at timestamptz not null default now(),
        changed_at timestamptz,
        constraint adopted_account_unique unique (table_name, account_id),
        constraint adopted_account_version_check check (version >= 1),
        constraint adopted_account_session_version_check check (session_version >= 1)
      )`);
    this.addSql(`
      alter table reset_receipt
        alter column account_id drop not null,
        add column adopted_account_id uuid,
        add constraint reset_receipt_adopted_account_id_fkey
          foreign key (adopted_account_id) references adopted_account (id) on delete cascade,
        add constraint reset_receipt_account_check check (num_nonnulls(account_id, adopted_account_id) = 1),
        add constraint reset_receipt_adopted_account_id_from_version_unique unique (adopted_account_id, from_version)`);
  }
}
