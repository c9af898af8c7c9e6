import { randomUUID } from 'node:crypto';
import {
  type EntityData,
  type EntityManager,
  LockMode,
  type MikroORM,
  type QBFilterQuery,
  type RawQueryFragment,
  raw,
  UniqueConstraintViolationException,
} from '@mikro-orm/postgresql';
import { orReadBack, orUnavailable } from '../calls/unavailable.js';
import { ours } from '../stores/postgres/schemas.js';
import { Account, type AccountRow } from './account.entity.js';
import type { EmailAddress } from './email-address.js';

/** An account without its hash. */
export type Credential = Omit<AccountRow, 'passwordHash' | typeof import('@mikro-orm/core').OptionalProps>;

/** The members of an account that clients may see. */
export interface AccountView {
  readonly id: string;
  readonly email: string;
  readonly locale: string | null;
  readonly createdAt: Date;
  readonly passwordChangedAt: Date;
}

const columns = [
  'id',
  'email',
  'locale',
  'status',
  'credentialVersion',
  'sessionVersion',
  'credentialsChangedAt',
  'createdAt',
  'readAt',
] as const;
type ToOpen = Omit<AccountRow, 'id' | keyof ReturnType<typeof timesOf>> & { readonly id: string | null } & Record<
    keyof ReturnType<typeof timesOf>,
    string | Date
  >;
const findToOpen = (table: string) => `
  select account.id, account.email, account.locale, account.status, account.password_hash as "passwordHash",
         account.credential_version as "credentialVersion", account.session_version as "sessionVersion",
         account.credentials_changed_at as "credentialsChangedAt", account.created_at as "createdAt", now() as "readAt"
    from (select ?::text as email) as asked left join ${table} account on account.email = asked.email`;
type Where = Partial<Pick<AccountRow, 'id' | 'email' | 'sessionVersion' | 'status'>>;

/** The table of accounts: finds and makes accounts, and changes credentials behind a guard. Knows nothing of resets. */
export class Accounts {
  constructor(private readonly orm: MikroORM) {}

  /** Without the hash; `readAt` is the database's clock. @returns undefined when no row fits. @throws Unavailable */
  async find(where: Where): Promise<Credential | undefined> {
    return (await orUnavailable(this.orm.em.fork().findOne(Account, where, { fields: columns }))) ?? undefined;
  }

  /** With the hash and `readAt`. @returns undefined when no row fits. @throws Unavailable */
  async findWithHash(where: Where): Promise<AccountRow | undefined> {
    const populate = ['passwordHash', 'readAt'] as const;
    return (await orUnavailable(this.orm.em.fork().findOne(Account, where, { populate }))) ?? undefined;
  }

  /**
   * For a sign-in: one statement that returns one row whether the address has an account or not, so that both cases
   * cost the same work. @throws Unavailable
   */
  async findToOpen(email: string): Promise<AccountRow | undefined> {
    const statement = findToOpen(ours(this.orm, 'account'));
    const [row] = await orUnavailable(this.orm.em.fork().execute<ToOpen[]>(statement, [email]));
    return row?.id ? { ...row, id: row.id, ...timesOf(row) } : undefined;
  }

  /**
   * The row once every transaction that is changing it has ended (it waits for their lock). After a COMMIT without an
   * answer, the row's hash tells whether the commit took place: its salt is random. @throws Unavailable
   */
  async findSettled(id: string): Promise<AccountRow | undefined> {
    const lockMode = LockMode.PESSIMISTIC_READ;
    const found = this.transaction((transaction) =>
      transaction.findOne(Account, { id }, { populate: ['passwordHash', 'readAt'], lockMode }),
    );
    return (await orUnavailable(found)) ?? undefined;
  }

  /**
   * @param alongside writes more in the same transaction.
   * @returns undefined when the address, or the id, has an account already.
   * @throws what `alongside` or the database throws; then nothing was written, or that is not known.
   */
  async create(
    { id = randomUUID(), ...fields }: { id?: string; email: EmailAddress; passwordHash: string; locale: string | null },
    alongside: (transaction: EntityManager, id: string) => Promise<void>,
  ): Promise<Credential | undefined> {
    const created = this.transaction(async (transaction) => {
      await transaction.insert(Account, { id, status: 'active', ...fields });
      await alongside(transaction, id);
      return transaction.findOneOrFail(Account, id, { fields: columns });
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
  now(transaction?: EntityManager): Promise<Date> {
    return orUnavailable(databaseNow(transaction ?? this.orm.em.fork()));
  }

  /** Runs `work` in a transaction (READ COMMITTED). @throws what `work` or the database throws; then it rolls back. */
  transaction<T>(work: (transaction: EntityManager) => Promise<T>): Promise<T> {
    return this.orm.em.fork().transactional(work);
  }

  /**
   * The guarded change of a password: one UPDATE that changes one row or none, and raises both versions. Every
   * statement that writes a hash needs the version in its WHERE, or an old password could return.
   *
   * @param notAfter the row is changed only if this is later than the database's clock.
   * @param sessionVersion of the session that asks for the change: the row is changed only if that session has not
   * ended.
   * @returns the database's time of the change, or undefined when the guard did not hold.
   */
  async replacePassword(
    transaction: EntityManager,
    { id, credentialVersion }: Pick<Credential, 'id' | 'credentialVersion'>,
    passwordHash: string,
    notAfter?: Date,
    sessionVersion?: number,
  ): Promise<Date | undefined> {
    const guard = { id, credentialVersion, status: 'active' as const, ...(sessionVersion ? { sessionVersion } : {}) };
    return changeBehind(transaction, notAfter ? { ...guard, [raw('now()')]: { $lt: notAfter } } : guard, {
      passwordHash,
      credentialVersion: raw('credential_version + 1'),
      sessionVersion: raw('session_version + 1'),
      credentialsChangedAt: raw('now()'),
    });
  }

  /** Replaces a weak hash by a stronger one of the same password, behind the same guard. Both versions stay the same. */
  async renewHash({ id, credentialVersion, passwordHash }: AccountRow, renewed: string): Promise<boolean> {
    const guard = { id, credentialVersion, passwordHash };
    return (await this.orm.em.fork().nativeUpdate(Account, guard, { passwordHash: renewed })) === 1;
  }

  /** Ends every access token. @returns the database's time, or undefined when this session had ended already. */
  async endSessions(transaction: EntityManager, { id, sessionVersion }: Credential): Promise<Date | undefined> {
    const raised = { sessionVersion: sessionVersion + 1 };
    return changeBehind(transaction, { id, sessionVersion, status: 'active' }, raised);
  }

  /** Also ends every reset key and access token. @returns false when there is no such account that is active. */
  async disable(transaction: EntityManager, id: string): Promise<boolean> {
    const disabled = await transaction.nativeUpdate(
      Account,
      { id, status: 'active' },
      {
        status: 'disabled',
        credentialVersion: raw('credential_version + 1'),
        sessionVersion: raw('session_version + 1'),
        credentialsChangedAt: raw('now()'),
      },
    );
    return disabled === 1;
  }

  /** Keys and tokens that `disable` ended stay ended. @returns false when there is no such account that is disabled. */
  async enable(transaction: EntityManager, id: string): Promise<boolean> {
    return (await transaction.nativeUpdate(Account, { id, status: 'disabled' }, { status: 'active' })) === 1;
  }
}

export function view({ id, email, locale, createdAt, credentialsChangedAt }: Credential): AccountView {
  return { id, email, locale: locale ?? null, createdAt, passwordChangedAt: credentialsChangedAt };
}

function timesOf(row: { credentialsChangedAt: string | Date; createdAt: string | Date; readAt: string | Date }) {
  return {
    credentialsChangedAt: new Date(row.credentialsChangedAt),
    createdAt: new Date(row.createdAt),
    readAt: new Date(row.readAt),
  };
}

/**
 * One UPDATE behind a guard that names one account. RETURNING gives the time, so that no second statement runs while
 * the row is locked.
 *
 * @returns the database's `now()`, as the UPDATE wrote it, or undefined when the guard did not hold.
 */
async function changeBehind(
  transaction: EntityManager,
  guard: QBFilterQuery<AccountRow> & { readonly id: string },
  change: EntityData<AccountRow>,
): Promise<Date | undefined> {
  const now: RawQueryFragment = raw('now() as now');
  const update = transaction.createQueryBuilder(Account).update(change).where(guard).returning(now);
  const [row] = await update.execute<{ now: string | Date }[]>('all', false);
  return row && new Date(row.now);
}

/** Inside a transaction, `now()` is the time at which the transaction began. */
async function databaseNow(em: EntityManager): Promise<Date> {
  const [row] = await em.execute<{ now: string | Date }[]>('select now() as now');
  return new Date(row?.now ?? Number.NaN);
}
