import type { AccountsFile } from '../../src/commands/adopt/shapes/proposal.js';
import type { WrittenForm as Written } from '../../src/settings/accounts/shape.js';

export type { Written };

/** What `ACCOUNTS` says of an original. Identifiers are quoted as in SQL. */
export type Accounts = Omit<AccountsFile, 'write'> & { readonly write: Written };

/** A user of an original. */
export interface AppUser {
  /** As the original has stored it. */
  readonly address: string;
  readonly password: string;
}

/** An app as others have it: its schema, its users, and the code of its own that lets people in. */
export interface Original {
  readonly name: string;
  /** For `describe.skipIf`. */
  readonly isInstalled: boolean;
  /** To be added to the name of a test: empty, or what to install, in parentheses with a space before them. */
  readonly whyNot: string;
  readonly accounts: Accounts;
  /** The secret that it appends to passwords. */
  readonly pepper?: string | undefined;
  /** The algorithm of the hashes that it makes, as far as we read them. */
  readonly hashes: 'bcrypt' | 'pbkdf2-sha256' | 'scrypt' | 'unknown';
  /** Forms that its verifier reads besides `accounts.write`. */
  readonly alsoReads: readonly Written[];
  /** Makes the schema in an empty database, as the original itself does. */
  makeSchema(databaseUrl: string): Promise<void>;
  /**
   * Adds users. Up to eight have hashes of their own, made by the original at its own cost; the others have copies.
   *
   * @returns them in order; the first eight are those with hashes of their own.
   */
  makeUsers(databaseUrl: string, count: number): Promise<readonly AppUser[]>;
  /** Whether the original lets somebody in. @throws Error when it fails by anything but the address or password. */
  verify(databaseUrl: string, address: string, password: string): Promise<boolean>;
  /** Ends what was started. */
  close(): Promise<void>;
}

/** Users that have hashes of their own. */
export const distinctUsers = 8;

/**
 * Users as they are to be made: addresses in the spellings that people type, passwords that repeat after eight. One
 * password has characters of several bytes, one has as many bytes as bcrypt reads.
 */
export function wantedUsers(count: number): AppUser[] {
  const passwords = Array.from({ length: distinctUsers }, (_, at) => `the first password of ${at + 1}`);
  passwords[1] = 'das vergeßliche Päßwort №2 😀';
  passwords[2] = 'seventy-two bytes '.repeat(4);
  return Array.from({ length: count }, (_, at) => {
    const name = at % 3 === 1 ? `Given.Name${at + 1}` : `person${at + 1}`;
    const domain = at % 5 === 1 ? 'Mail.Example' : 'mail.example';
    return { address: `${name}@${domain}`, password: passwords[at % distinctUsers] ?? '' };
  });
}
