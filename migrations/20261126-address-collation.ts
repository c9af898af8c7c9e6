import { Migration } from '@mikro-orm/migrations';

/**
 * Addresses, and what refusals are counted by, are compared byte by byte. The order of the database's own collation
 * comes from the operating system or ICU, and an index that was made in another order finds rows no more.
 *
 * `latchkey migrate up` has built the new index of addresses beforehand, without a lock that anybody waits for
 * (`src/services/address-index.ts`); here it takes the place of the old one, under its name. No row and no index of an
 * account is written: changes the catalogue only. The few rows of `audit_refusal` are indexed anew.
 */
export class AddressCollation extends Migration {
  override name = '20261126-address-collation';

  override up(): void {
    // First, while nobody waits for accounts.
    this.addSql(`
      alter table audit_refusal
        alter column kind type text collate "C",
        alter column detail type text collate "C",
        alter column client type text collate "C"`);
    this.addSql('create unique index if not exists account_email_bytes on account (email collate "C")');
    this.addSql('alter table account drop constraint account_email_unique');
    this.addSql('alter table account alter column email type text collate "C"');
    this.addSql('alter table account add constraint account_email_unique unique using index account_email_bytes');
  }
}
