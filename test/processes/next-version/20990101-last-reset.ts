import { Migration } from '@mikro-orm/migrations';

/** A migration that a next version might bring: a nullable column, and an index. */
export class LastReset extends Migration {
  override name = '20990101-last-reset';

  override up(): void {
    this.addSql('alter table account add column last_reset_at timestamptz');
    this.addSql('create index account_last_reset_at_index on account (last_reset_at) where last_reset_at is not null');
  }
}
