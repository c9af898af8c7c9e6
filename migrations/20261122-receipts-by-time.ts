import { Migration } from '@mikro-orm/migrations';

/** Old receipts are found by their time. */
export class ReceiptsByTime extends Migration {
  override name = '20261122-receipts-by-time';

  override up(): void {
    this.addSql('create index reset_receipt_used_at_index on reset_receipt (used_at)');
  }
}
