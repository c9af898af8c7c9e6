import { randomUUID } from 'node:crypto';
import {
  type EntityManager,
  IsolationLevel,
  type MikroORM,
  UniqueConstraintViolationException,
} from '@mikro-orm/postgresql';
import { orReadBack, orUnavailable } from '../calls/unavailable.js';
import type { Shape } from '../settings/accounts/shape.js';
import { Account } from './account.entity.js';
import {
  type AccountView,
  type Changed,
  type Credential,
  type CredentialWithHash,
  type FoundRow,
  rowsOf,
  view,
} from './account.js';
import { type EmailAddress, spellingsOf } from './email-address.js';
import { AccountSource } from './source/account-source.js';
import { AppLocks, againWhileBusy } from './source/app-locks.js';
import type { AppFault } from './source/app-refused.js';
import { ownShape } from './source/own-shape.js';

export { type AccountView, type Changed, type Credential, type CredentialWithHash, view };

type Where = Partial<Pick<Credential, 'id' | 'email' | 'sessionVersion' | 'status'>>;

/**
 * The accounts, wherever they live: finds them, and changes credentials behind a guard. Our own table is the standard
 * shape; that of an app has no other path here, only a few statements more. Knows nothing of resets.
 */
export class Accounts {
  readonly #source: AccountSource;

  /** @param tell called with what the app's table refused, for the operator. */
  constructor(
    private readonly orm: MikroORM,
    shape: Shape = ownShape,
    tell: (fault: AppFault) => void = () => undefined,
  ) {
    this.#source = new AccountSource(orm, shape, tell);
  }

  /** The name of the app's table, with its schema; empty if the accounts are our own. */
  get shapeName(): string {
    return this.#source.shape.name;
  }

  /** Without the hash; `readAt` is the database's clock. @returns undefined when no row fits. @throws Unavailable */
  async find(where: Where): Promise<Credential | undefined> {
    return (await this.#find(where, false))[0];
  }

  /** With the hash and `readAt`. @returns undefined when no row fits. @throws Unavailable */
  async findWithHash(where: Where): Promise<CredentialWithHash | undefined> {
    return (await this.#find(where, true))[0];
  }

  /**
   * Every account with this address, active ones first: an app may have stored it in several spellings.
   *
   * @throws Unavailable
   */
  findEach(email: EmailAddress): Promise<readonly Credential[]> {
    return this.#find({ email }, false);
  }

  /**
   * For a sign-in: one statement that returns a row whether the address has an account or not, so that both cases
   * cost the same work. @throws Unavailable
   */
  async findToOpen(email: string): Promise<CredentialWithHash | undefined> {
    const sql = await this.#source.sql();
    const found = sql.findByAddress(spellingsOf(email), email, true);
    const rows = await this.#source.query<FoundRow>(sql.oneRowAtLeast(found));
    return rowsOf(rows, this.shapeName, email)[0];
  }

  /**
   * The account once every transaction that is changing it has ended (it waits for their lock). After a COMMIT without
   * an answer, the hash tells whether the commit took place: its salt is random. @throws Unavailable
   */
  async findSettled(id: string): Promise<CredentialWithHash | undefined> {
    const sql = await this.#source.sql();
    const found = this.transaction(async (transaction) => {
      await transaction.execute(this.#source.settle(id));
      return transaction.execute<FoundRow[]>(sql.findById(id, true));
    });
    return rowsOf(await orUnavailable(found), this.shapeName)[0];
  }

  /**
   * In our own table.
   *
   * @param alongside writes more in the same transaction.
   * @returns undefined when the address, or the id, has an account already.
   * @throws what `alongside` or the database throws; then nothing was written, or that is not known.
   */
  async create(
    { id = randomUUID(), ...fields }: { id?: string; email: EmailAddress; passwordHash: string; locale: string | null },
    alongside: (transaction: EntityManager, id: string) => Promise<void>,
  ): Promise<Credential | undefined> {
    const sql = await this.#source.sql();
    const created = this.transaction(async (transaction) => {
      await transaction.insert(Account, { id, status: 'active', ...fields });
      await alongside(transaction, id);
      return rowsOf(await transaction.execute<FoundRow[]>(sql.findById(id, false)), '')[0];
    }).catch((error: unknown) => {
      if (error instanceof UniqueConstraintViolationException) return undefined;
      throw error;
    });
    // After an unclear end, a second try would be told that the address is taken: by the account of the first try.
    return orReadBack<Credential | undefined>(created, async () => {
      const found = await this.findWithHash({ id });
      return found?.passwordHash === fields.passwordHash ? found : undefined;
    });
  }

  /** The database's clock; inside a transaction, the time at which the transaction began. @throws Unavailable */
  async now(transaction?: EntityManager): Promise<Date> {
    const em = transaction ?? this.orm.em.fork();
    const [row] = await orUnavailable(em.execute<{ now: string | Date }[]>('select now() as now'));
    return new Date(row?.now ?? Number.NaN);
  }

  /**
   * Runs `work` in a transaction (READ COMMITTED); again, if it met a lock of the app's too often.
   *
   * @throws what `work` or the database throws; then it rolls back.
   */
  transaction<T>(work: (transaction: EntityManager) => Promise<T>): Promise<T> {
    const isolationLevel = IsolationLevel.READ_COMMITTED;
    return againWhileBusy(() => this.orm.em.fork().transactional(work, { isolationLevel }));
  }

  /** Makes sure that what is bound to the account's versions can outlive them: see `BesideSql`. @throws Unavailable */
  async keepVersions({ id }: Pick<Credential, 'id'>): Promise<void> {
    const { beside } = this.#source;
    if (beside) await orUnavailable(this.orm.em.fork().execute(beside.keep(id)));
  }

  /**
   * The guarded change of a password: an UPDATE that changes one row or none; both versions rise with it. Every
   * statement that writes a hash needs the version in its WHERE, or an old password could return.
   *
   * With an app's table, the lock of our versions comes first, then that of the row with the hash; the UPDATE is the
   * statement after it, so that it sees what the app committed while we waited.
   *
   * @param notAfter the row is changed only if this is later than the database's clock.
   * @param sessionVersion of the session that asks for the change: the row is changed only if that session has not
   * ended.
   * @returns the account after the change, `readAt` the database's time of it; undefined when the guard did not hold.
   * @throws AppRefused, an Unavailable, when the app's table takes no such change.
   */
  async replacePassword(
    transaction: EntityManager,
    account: Pick<Credential, 'id' | 'credentialVersion' | 'sessionVersion' | 'stamp'>,
    passwordHash: string,
    notAfter?: Date,
    sessionVersion?: number,
  ): Promise<Changed | undefined> {
    const source = this.#source;
    const { id, credentialVersion } = account;
    const [sql, facts] = [await source.sql(), await source.facts()];
    const locks = new AppLocks(transaction, facts.waits);
    const isTaken = await source.take(transaction, { id, credentialVersion, sessionVersion });
    if (!isTaken || !(await source.lock(locks, id))) return undefined;
    const written = sql.write({ ...account, sessionVersion, notAfter }, passwordHash);
    const now = await source.write(locks, written, passwordHash);
    if (!now) return undefined;
    const raised = await source.raise(transaction, id);
    const stamp = await source.also(locks, id);
    const versions = { credentialVersion: credentialVersion + 1, sessionVersion: account.sessionVersion + 1 };
    return { id, ...versions, ...raised, stamp, stampBefore: account.stamp, readAt: now };
  }

  /**
   * Replaces a weak hash of our own table by a stronger one of the same password, behind the same guard. Both versions
   * stay the same.
   */
  async renewHash(account: CredentialWithHash, renewed: string): Promise<boolean> {
    if (this.shapeName || account.passwordHash === null) return false;
    const renew = (await this.#source.sql()).renew(account, account.passwordHash, renewed);
    return (await this.orm.em.fork().execute<unknown[]>(renew)).length === 1;
  }

  /** SQL: `email` in lower case and `password_hash` of every active account. @throws Unavailable */
  async hashes(): Promise<string> {
    return (await this.#source.sql()).hashes();
  }

  /** Ends every access token. @returns the database's time, or undefined when this session had ended already. */
  async endSessions(transaction: EntityManager, account: Credential): Promise<Date | undefined> {
    const [row] = await transaction.execute<{ now: string | Date }[]>(this.#source.endSessions(account));
    return row && new Date(row.now);
  }

  async #find({ id, email, sessionVersion, status }: Where, withHash: boolean): Promise<CredentialWithHash[]> {
    const sql = await this.#source.sql();
    const found =
      id === undefined
        ? sql.findByAddress(spellingsOf(email ?? ''), email ?? '', withHash)
        : sql.findById(id, withHash);
    const rows = rowsOf(await this.#source.query<FoundRow>(found), this.shapeName, email);
    return rows.filter(
      (row) =>
        (sessionVersion === undefined || row.sessionVersion === sessionVersion) &&
        (status === undefined || row.status === status),
    );
  }
}
