import type { AccountStatus } from './account.entity.js';
import { parseEmailAddress, withDomainOf } from './email-address.js';
import type { Stamped } from './source/stamps.js';

/** An account without its hash. */
export interface Credential extends Stamped {
  /** As the table has it, as text. */
  readonly id: string;
  /** The address that mails go to: as it is stored, its domain in ASCII. Empty if it is none that we write to. */
  readonly email: string;
  readonly locale: string | null;
  readonly status: AccountStatus;
  readonly sessionVersion: number;
  /** By a change of ours; null if there was none that we know of. */
  readonly credentialsChangedAt: Date | null;
  readonly createdAt: Date;
  /** The database's clock when the row was read. */
  readonly readAt: Date;
  /** Whether there is one row to write a hash to. */
  readonly hasPasswordRow: boolean;
}

export interface CredentialWithHash extends Credential {
  /** Null: the account has no password, or the hash was not asked for. */
  readonly passwordHash: string | null;
}

/** An account after a change of its password; `readAt` is the database's time of it. */
export interface Changed extends Stamped {
  readonly id: string;
  readonly sessionVersion: number;
  readonly readAt: Date;
  /** The stamp that the change found; missing where the change was read back. */
  readonly stampBefore?: string;
}

/** The members of an account that clients may see. */
export interface AccountView {
  readonly id: string;
  readonly email: string;
  readonly locale: string | null;
  readonly createdAt: Date;
  readonly passwordChangedAt: Date | null;
}

export function view({ id, email, locale, createdAt, credentialsChangedAt }: Credential): AccountView {
  return { id, email, locale, createdAt, passwordChangedAt: credentialsChangedAt };
}

/** A row of `AccountSql`; all members are null where nothing was found. */
export interface FoundRow {
  readonly id: string | null;
  readonly email: string | null;
  readonly locale: string | null;
  readonly status: AccountStatus;
  readonly hashes: number;
  readonly credentialVersion: number;
  readonly sessionVersion: number;
  readonly credentialsChangedAt: string | Date | null;
  readonly createdAt: string | Date;
  readonly readAt: string | Date;
  readonly stamp: string;
  readonly passwordHash: string | null;
}

/**
 * The accounts of these rows. Of an app's rows that were found by an address, those count whose stored address is that
 * one, by our parser and no rule of the database's.
 */
export function rowsOf(rows: readonly FoundRow[], shape: string, address?: string): CredentialWithHash[] {
  return rows.flatMap((row) => {
    const { id, hashes, stamp, passwordHash, credentialsChangedAt, createdAt, readAt, ...same } = row;
    if (id === null) return [];
    const parsed = shape ? parseEmailAddress(row.email ?? '') : undefined;
    if (shape && address !== undefined && parsed !== address) return [];
    const email = !shape ? (row.email ?? '') : parsed ? withDomainOf(row.email ?? '', parsed) : '';
    const account = {
      ...same,
      id,
      email,
      // Of no row for a hash, or several, nothing is said: no key, device or token is for such an account.
      hasPasswordRow: hashes === 1,
      stamp: hashes === 1 ? stamp : '',
      passwordHash: hashes === 1 ? passwordHash : null,
      credentialsChangedAt: credentialsChangedAt === null ? null : new Date(credentialsChangedAt),
      createdAt: new Date(createdAt),
      readAt: new Date(readAt),
    };
    return [account];
  });
}
