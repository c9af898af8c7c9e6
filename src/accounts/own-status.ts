import { type EntityManager, raw } from '@mikro-orm/postgresql';
import { Account } from './account.entity.js';

/** In our own table. Also ends every reset key and access token. @returns false when no active account has this id. */
export async function disableAccount(transaction: EntityManager, id: string): Promise<boolean> {
  const change = {
    status: 'disabled' as const,
    credentialVersion: raw('credential_version + 1'),
    sessionVersion: raw('session_version + 1'),
    credentialsChangedAt: raw('now()'),
  };
  return (await transaction.nativeUpdate(Account, { id, status: 'active' }, change)) === 1;
}

/** In our own table. Keys and tokens that ended stay ended. @returns false when no disabled account has this id. */
export async function enableAccount(transaction: EntityManager, id: string): Promise<boolean> {
  return (await transaction.nativeUpdate(Account, { id, status: 'disabled' }, { status: 'active' })) === 1;
}
