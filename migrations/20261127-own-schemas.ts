import { Migration } from '@mikro-orm/migrations';

/**
 * Whose tables these are (the origin of the installation, written by its first start), and where those of the last
 * version were, if it had no schemas of its own. New tables only.
 */
export class OwnSchemas extends Migration {
  override name = '20261127-own-schemas';

  override up(): void {
    this.addSql(`
      create table instance (
        id smallint primary key default 1 check (id = 1),
        origin text collate "C" not null,
        since timestamptz not null default now()
      )`);
    this.addSql(`
      create table former_home (
        id smallint primary key default 1 check (id = 1),
        tables text not null,
        queue text not null,
        moved_at timestamptz not null default now()
      )`);
  }
}
