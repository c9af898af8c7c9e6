import { Migration } from '@mikro-orm/migrations';

/** The data key, one row, encrypted under a subkey of `SECRET`; `latchkey migrate` fills it in (see `src/secrets/`). */
export class DataKeyTable extends Migration {
  override name = '20261126-data-key';

  override up(): void {
    this.addSql(`
      create table data_key (
        id smallint primary key default 1 check (id = 1),
        sealed bytea not null check (octet_length(sealed) = 61),
        made_at timestamptz not null default now(),
        sealed_at timestamptz not null default now()
      )`);
  }
}
