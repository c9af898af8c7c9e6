import type { WrittenForm } from '../../../settings/accounts/shape.js';
import type { Table } from '../catalogue/table.js';

/** What `ACCOUNTS` says: the JSON of the file, in the order in which it is written. */
export interface AccountsFile {
  readonly table: string;
  readonly id?: string;
  readonly email?: string;
  readonly emailIsLowerCase?: boolean;
  readonly passwordHash?: string;
  readonly active?: string;
  readonly locale?: string;
  readonly passwordTable?: { readonly table: string; readonly accountId: string; readonly where?: string };
  readonly set?: Readonly<Record<string, string>>;
  readonly also?: readonly string[];
  readonly ends?: readonly string[];
  readonly write?: WrittenForm;
}

/** A condition of `active`. One that says "verified" is worth nothing where the app never verifies. */
export interface Condition {
  readonly sql: string;
  readonly isVerification: boolean;
}

/** A place where accounts may live, as far as the catalogue tells. */
export interface Proposal {
  /** The product or framework that makes such a table; `plain` for none that we know. */
  readonly framework: string;
  readonly table: Table;
  /** The table that holds the hashes. */
  readonly holder: Table;
  /** How sure it is: the highest wins; several of the highest are a choice. */
  readonly rank: number;
  /** Names of columns; several are a choice, none is a fault. */
  readonly ids: readonly string[];
  readonly emails: readonly string[];
  readonly hashes: readonly string[];
  readonly conditions: readonly Condition[];
  readonly accounts: Omit<AccountsFile, 'id' | 'email' | 'passwordHash' | 'active' | 'write' | 'emailIsLowerCase'>;
  /** What it was recognised by. */
  readonly because: readonly string[];
  /** What the operator has to know or to do. */
  readonly advice: readonly string[];
  /** The app brings every address to lower case before it stores it. */
  readonly storesLowerCase: boolean;
  /** How the app hashes if no row tells. */
  readonly write: WrittenForm | undefined;
}
