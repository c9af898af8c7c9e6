import { Migration } from '@mikro-orm/migrations';

/**
 * What an import remembers of the old system: the account's name there, and by which version and hash a second run
 * (`--update`) knows that nobody has changed the account here. Changes the catalogue only, no row; the index is built
 * afterwards, concurrently (`src/services/external-id-index.ts`).
 */
export class ImportedAccounts extends Migration {
  override name = '20261128-imported-accounts';

  override up(): void {
    this.addSql(`
      alter table account
        add column external_id text collate "C",
        add column imported_version integer,
        add column imported_digest bytea`);
  }
}
