import type pg from 'pg';
import { type AppHome, holderOf } from './tables.js';

/** What the app reads of an account. */
export interface Row {
  readonly email: string;
  readonly suspended: string | null;
  readonly hash: string | null;
}

/** The app's statements on the rows of one account, in one transaction. */
export class AppRows {
  readonly #session: pg.Client;

  constructor(
    private readonly home: AppHome,
    session: pg.Client,
    private readonly id: string,
  ) {
    this.#session = session;
  }

  /** @param sql in which $1 is the account's id. */
  async run(sql: string, ...values: unknown[]): Promise<unknown[]> {
    return (await this.#session.query(sql, [this.id, ...values])).rows;
  }

  async read(): Promise<Row | undefined> {
    const { table, id: owner, hash } = holderOf[this.home];
    const rows = await this.run(
      `select email, suspended_at::text as suspended, (select ${hash} from ${table} where ${owner} = $1 limit 1) as hash
         from public.users where id = $1`,
    );
    return rows[0] as Row | undefined;
  }

  /** @param instead of which hash; of any by default. */
  async write(hash: string | null, instead?: string): Promise<void> {
    const { table, id: owner, hash: column } = holderOf[this.home];
    const sql = `update ${table} set ${column} = $2 where ${owner} = $1`;
    await (instead === undefined ? this.run(sql, hash) : this.run(`${sql} and ${column} = $3`, hash, instead));
  }

  /** Writes to the row with the hash, and changes nothing that ends a key. */
  async touch(): Promise<void> {
    const { table, id: owner, touched } = holderOf[this.home];
    await this.run(`update ${table} set ${touched} = now() where ${owner} = $1`);
  }

  async delete(): Promise<void> {
    if (this.home === 'logins') await this.run('delete from public.login where user_id = $1');
    await this.run('delete from public.users where id = $1');
  }

  async insert(email: string, hash: string): Promise<void> {
    if (this.home === 'users') {
      await this.run('insert into public.users (id, email, password) values ($1, $2, $3)', email, hash);
      return;
    }
    await this.run('insert into public.users (id, email) values ($1, $2)', email);
    await this.run('insert into public.login (user_id, secret) values ($1, $2)', hash);
  }

  async addSecondHash(): Promise<void> {
    await this.run('select 1 from public.login where user_id = $1 for update');
    const same = 'select user_id, secret from public.login where user_id = $1';
    await this.run(`insert into public.login (user_id, secret) ${same}`);
  }

  async dropSecondHash(): Promise<void> {
    if (this.home !== 'logins') return;
    await this.run('select 1 from public.login where user_id = $1 for update');
    const first = '(select min(id) from public.login where user_id = $1)';
    await this.run(`delete from public.login where user_id = $1 and id > ${first}`);
  }
}
