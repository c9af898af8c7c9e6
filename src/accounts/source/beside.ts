import { createHash } from 'node:crypto';
import type { Quote } from './account-sql.js';

/**
 * The id under which receipts and the audit trail know an account of an app's table: a UUID of version 8 (RFC 9562,
 * 5.8) made of the table's name and the account's id, the same each time.
 */
export function idBeside(shape: string, accountId: string): string {
  const hash = createHash('sha256').update(`latchkey adopted account\0${shape}\0${accountId}`).digest();
  hash[6] = 0x80 | ((hash[6] ?? 0) & 0x0f);
  hash[8] = 0x80 | ((hash[8] ?? 0) & 0x3f);
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The statements on the rows beside an app's accounts, which hold our versions. A row is made when it is needed first;
 * until then both versions are 1.
 */
export class BesideSql {
  constructor(
    private readonly shape: string,
    private readonly table: string,
    private readonly quote: Quote,
  ) {}

  keep(accountId: string): string {
    return `insert into ${this.table} (id, table_name, account_id) values (${this.#values(accountId)}) on conflict do nothing`;
  }

  /** Locks the row, and gives it if it still has this version, and this session version if one is given. */
  take(accountId: string, version: number, sessionVersion: number | undefined): string {
    const session = sessionVersion === undefined ? '' : ` and session_version = ${sessionVersion}`;
    return `select 1 from ${this.table} where ${this.#is(accountId)} and version = ${version}${session} for no key update`;
  }

  raise(accountId: string): string {
    return `update ${this.table} set version = version + 1, session_version = session_version + 1, changed_at = now()
      where ${this.#is(accountId)} returning session_version as "sessionVersion"`;
  }

  /** Gives the time if the session version was this one. */
  endSessions(accountId: string, sessionVersion: number): string {
    return `insert into ${this.table} as beside (id, table_name, account_id, session_version)
      select ${this.#values(accountId)}, 2 where ${sessionVersion} = 1
        or exists (select from ${this.table} where ${this.#is(accountId)})
      on conflict (id) do update set session_version = beside.session_version + 1
        where beside.session_version = ${sessionVersion} returning now() as now`;
  }

  /** Waits for every transaction that is changing the account. */
  settle(accountId: string): string {
    return `select 1 from ${this.table} where ${this.#is(accountId)} for share`;
  }

  #is(accountId: string): string {
    return `id = ${this.quote(idBeside(this.shape, accountId))}`;
  }

  #values(accountId: string): string {
    return [idBeside(this.shape, accountId), this.shape, accountId].map(this.quote).join(', ');
  }
}
