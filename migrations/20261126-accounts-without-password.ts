import { Migration } from '@mikro-orm/migrations';

/** An account may have no password yet: its owner begins with a recovery. Changes the catalogue only, no row. */
export class AccountsWithoutPassword extends Migration {
  override name = '20261126-accounts-without-password';

  override up(): void {
    this.addSql('alter table account alter column password_hash drop not null');
  }
}
