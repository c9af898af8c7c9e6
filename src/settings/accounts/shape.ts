/** How we write a new hash, so that whoever signs people in can verify it. */
export type WrittenForm =
  | { readonly format: 'argon2id' }
  /** As Django writes it; with the iterations of the app, or Django hashes anew at the next sign-in. */
  | { readonly format: 'pbkdf2_sha256'; readonly iterations: number }
  | { readonly format: 'better-auth-scrypt' }
  | {
      readonly format: 'bcrypt';
      readonly cost: number;
      readonly prefix: '$2a$' | '$2b$' | '$2y$';
      /** The app appends a secret (`PASSWORD_PEPPER`) to every password before. */
      readonly pepper?: true;
    };

/** A column that is set in the UPDATE of a new password. */
export interface Assignment {
  /** SQL identifier. */
  readonly column: string;
  /** SQL expression. */
  readonly value: string;
}

/** Hashes that stand in a table of their own. All members are SQL. */
export interface PasswordTable {
  readonly table: string;
  /** The column that holds the account's id. */
  readonly accountId: string;
  /** Which of the account's rows holds its password. */
  readonly where: string;
}

/**
 * Where accounts live: a table and its columns. Our own table is the standard shape; `ACCOUNTS` gives that of an app.
 * Identifiers are quoted and tables qualified, so each member can be put into a statement as it is.
 */
export interface Shape {
  /** Empty for our own table, else schema and table. Keys, receipts and versions of another shape are worth nothing. */
  readonly name: string;
  readonly table: string;
  readonly id: string;
  readonly email: string;
  /** A column of `passwordTable` where there is one, else of `table`. */
  readonly passwordHash: string;
  /** SQL condition: whether the account may recover. */
  readonly active: string;
  /** SQL expression: the language of the account's mails. */
  readonly locale: string;
  readonly passwordTable?: PasswordTable | undefined;
  /** In the table that holds the hash. */
  readonly set: readonly Assignment[];
  /** Statements of the same transaction, in which `:id` is the account's id. */
  readonly also: readonly string[];
  /** SQL expressions: when the value of one changes, every key and device of the account ends. */
  readonly ends: readonly string[];
  /** Every address in the column is in lower case, so that an index on the column itself serves the look-up. */
  readonly emailIsLowerCase: boolean;
  readonly write: WrittenForm;
}
