import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { isDatabaseAway, orUnavailable } from '../../calls/unavailable.js';
import { withId } from '../../settings/accounts/fragment.js';
import type { Shape } from '../../settings/accounts/shape.js';
import { ours } from '../../stores/postgres/schemas.js';
import type { Credential } from '../account.js';
import { AccountSql, type Quote, quoteOf } from './account-sql.js';
import type { AppLocks } from './app-locks.js';
import { type AppFault, AppRefused, reasonOf } from './app-refused.js';
import { BesideSql } from './beside.js';
import { type Facts, ownFacts, readFacts } from './facts.js';
import { triggersOf } from './triggers.js';

/** The id in a token or record is no value of the column's type: there is no such account. */
const noSuchId = /^22(?:P02|003|007|008)$/;

/** Where accounts live: makes and runs the statements of a shape. */
export class AccountSource {
  /** The rows that hold our versions beside an app's accounts; undefined for our own table. */
  readonly beside: BesideSql | undefined;
  readonly shape: Shape;
  readonly #quote: Quote;
  readonly #besideTable: string;
  #facts: Promise<Facts> | undefined;
  #sql: AccountSql | undefined;

  constructor(
    private readonly orm: MikroORM,
    shape: Shape,
    private readonly tell: (fault: AppFault) => void,
  ) {
    this.#quote = quoteOf(orm.em);
    this.#besideTable = ours(orm, 'adopted_account');
    this.shape = shape.name ? shape : { ...shape, table: ours(orm, shape.table) };
    this.beside = shape.name ? new BesideSql(shape.name, this.#besideTable, this.#quote) : undefined;
  }

  /** Read once, when first needed. @throws Unavailable while the database is away. */
  facts(): Promise<Facts> {
    if (!this.shape.name) return Promise.resolve(ownFacts);
    this.#facts ??= orUnavailable(readFacts(this.orm.em.fork(), this.shape)).catch((error: unknown) => {
      this.#facts = undefined;
      throw error;
    });
    return this.#facts;
  }

  async sql(): Promise<AccountSql> {
    const facts = await this.facts();
    this.#sql ??= new AccountSql(this.shape, facts, this.#quote, this.#besideTable);
    return this.#sql;
  }

  /** Reads accounts. @throws Unavailable */
  query<Row>(statement: string): Promise<Row[]> {
    return orUnavailable(
      this.#explained('table', this.orm.em.fork().execute<Row[]>(statement)).catch((error: unknown) => {
        if (error instanceof AppRefused && noSuchId.test(error.fault.reason)) return [];
        throw error;
      }),
    );
  }

  settle(id: string): string {
    return this.beside?.settle(id) ?? `select 1 from ${this.shape.table} where id = ${this.#quote(id)} for share`;
  }

  endSessions({ id, sessionVersion }: Pick<Credential, 'id' | 'sessionVersion'>): string {
    if (this.beside) return this.beside.endSessions(id, sessionVersion);
    return `update ${this.shape.table} set session_version = session_version + 1
      where id = ${this.#quote(id)} and session_version = ${sessionVersion} and status = 'active' returning now() as now`;
  }

  /** Locks our versions, if they are still these. */
  async take(
    transaction: EntityManager,
    {
      id,
      credentialVersion,
      sessionVersion,
    }: { id: string; credentialVersion: number; sessionVersion: number | undefined },
  ): Promise<boolean> {
    const { beside } = this;
    if (!beside) return true;
    if (credentialVersion === 1) await transaction.execute(beside.keep(id));
    return (await transaction.execute<unknown[]>(beside.take(id, credentialVersion, sessionVersion))).length === 1;
  }

  /** Locks the row with the hash; false unless there is exactly one. From here on the app may wait for us. */
  async lock(locks: AppLocks, id: string): Promise<boolean> {
    if (!this.shape.name) return true;
    const rows = await this.#explained('table', locks.run((await this.sql()).lock(id)));
    locks.begin();
    return rows.length === 1;
  }

  /**
   * @returns the time, or undefined when the guard did not hold.
   * @throws AppRefused when something else than this hash is in the row now, or it is in several rows.
   */
  async write(locks: AppLocks, statement: string, hash: string): Promise<Date | undefined> {
    const rows = await this.#explained('passwordHash', locks.run<{ hash: string; now: string | Date }>(statement));
    const [row, another] = rows;
    if (!row) return undefined;
    if (another) throw this.#refused({ key: 'id', reason: 'names several rows; it must be unique' });
    if (row.hash !== hash) {
      const holder = this.shape.passwordTable?.table ?? this.shape.table;
      const triggers = await locks.run<{ name: string }>(triggersOf(holder));
      const names = triggers.map(({ name }) => name).join(', ');
      throw this.#refused({
        key: 'passwordHash',
        reason: `holds another hash than the one written; triggers: ${names || 'none'}`,
      });
    }
    return new Date(row.now);
  }

  /** Raises our versions, which `take` has locked. @returns the new session version. */
  async raise(transaction: EntityManager, id: string): Promise<{ sessionVersion?: number }> {
    if (!this.beside) return {};
    const [row] = await transaction.execute<{ sessionVersion: number }[]>(this.beside.raise(id));
    return row ?? {};
  }

  /** Runs the statements of `also`. @returns the stamp after everything. */
  async also(locks: AppLocks, id: string): Promise<string> {
    if (!this.shape.name) return '';
    for (const [index, statement] of this.shape.also.entries()) {
      await this.#explained(`also[${index}]`, locks.run(withId(statement, this.#quote(id))));
    }
    const found = (await this.sql()).findById(id, false);
    const [row] = await this.#explained('table', locks.run<{ stamp: string }>(found));
    return row?.stamp ?? '';
  }

  /** Runs a statement on the app's table; a fault of that table is told to the operator and is not ours. */
  async #explained<T>(key: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const reason = this.shape.name && !isDatabaseAway(error) ? reasonOf(error) : undefined;
      if (reason === undefined) throw error;
      throw noSuchId.test(reason) ? new AppRefused({ key, reason }, error) : this.#refused({ key, reason }, error);
    }
  }

  #refused(fault: AppFault, cause?: unknown): AppRefused {
    this.tell(fault);
    return new AppRefused(fault, cause);
  }
}
