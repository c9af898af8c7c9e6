import type { WrittenForm } from '../../../settings/accounts/shape.js';
import { columnNamed, hasColumns, type Table } from '../catalogue/table.js';

/** Hashes in a table of their own, as a framework has it. Names are plain ones. */
export interface KnownHolder {
  readonly has: readonly string[];
  readonly accountId: string;
  /** Which rows hold a password. */
  readonly where?: (holder: Table) => string;
}

/** What a framework or product makes, recognised by its columns. Names are plain ones (see `plain`). */
export interface KnownShape {
  readonly name: string;
  readonly isFor: (table: Table) => boolean;
  readonly because: readonly string[];
  readonly email: string;
  readonly hash: string;
  readonly holder?: KnownHolder;
  /** Columns that its own reset empties. */
  readonly clears: readonly string[];
  /** Among these, those that hold the empty text then, and not NULL. */
  readonly empties?: readonly string[];
  /** Its times without a zone are those of the session. */
  readonly timesOfSession?: boolean;
  /** It brings addresses to lower case. */
  readonly storesLowerCase: boolean;
  readonly write?: WrittenForm;
  readonly conditions?: (table: Table) => readonly string[];
  readonly advice: readonly string[];
}

const quoted = (table: Table, name: string) => columnNamed(table, name)?.sql ?? name;

/** The first that fits a table is the one. */
export const knownShapes: readonly KnownShape[] = [
  {
    name: 'Supabase',
    isFor: (table) => table.schema === 'auth' && hasColumns(table, 'instanceid', 'email', 'encryptedpassword'),
    because: ['auth.users', 'instance_id', 'encrypted_password'],
    email: 'email',
    hash: 'encryptedpassword',
    clears: ['recoverytoken'],
    // Its service reads the empty text, not NULL, as "no token".
    empties: ['recoverytoken'],
    storesLowerCase: true,
    write: { format: 'bcrypt', cost: 10, prefix: '$2a$' },
    advice: ['its own links for a recovery stay valid until they are used: turn that mail off there'],
  },
  {
    name: 'Devise',
    isFor: (table) => hasColumns(table, 'email', 'encryptedpassword'),
    because: ['encrypted_password'],
    email: 'email',
    hash: 'encryptedpassword',
    clears: ['resetpasswordtoken', 'resetpasswordsentat', 'remembercreatedat'],
    storesLowerCase: true,
    write: { format: 'bcrypt', cost: 12, prefix: '$2a$' },
    advice: [
      'where config/initializers/devise.rb sets `config.pepper`, add "pepper": true to "write" and give its value as PASSWORD_PEPPER or in PASSWORD_PEPPER_FILE; `latchkey adopt --check --test-account` tells whether it is right',
    ],
  },
  {
    name: 'Better Auth',
    isFor: (table) => hasColumns(table, 'email', 'emailverified'),
    because: ['emailVerified', 'providerId', 'accountId'],
    email: 'email',
    hash: 'password',
    holder: {
      has: ['providerid', 'accountid', 'userid', 'password'],
      accountId: 'userid',
      where: (holder) => `${quoted(holder, 'providerid')} = 'credential'`,
    },
    clears: [],
    storesLowerCase: true,
    write: { format: 'better-auth-scrypt' },
    advice: [],
  },
  {
    name: 'Vendure',
    isFor: (table) => hasColumns(table, 'identifier', 'verified'),
    because: ['identifier', 'authentication_method'],
    email: 'identifier',
    hash: 'passwordhash',
    holder: {
      has: ['userid', 'type', 'passwordhash', 'passwordresettoken'],
      accountId: 'userid',
      where: (holder) => `${quoted(holder, 'type')} = 'NativeAuthenticationMethod'`,
    },
    clears: ['passwordresettoken'],
    timesOfSession: true,
    storesLowerCase: true,
    write: { format: 'bcrypt', cost: 12, prefix: '$2b$' },
    // Administrators stand in the same table; the first one has a name in place of an address.
    conditions: (table) => [`${quoted(table, 'identifier')} LIKE '%@%'`],
    advice: [],
  },
  {
    name: 'LoopBack 4',
    isFor: (table) => hasColumns(table, 'email', 'username', 'verificationtoken'),
    because: ['verificationtoken', 'usercredentials'],
    email: 'email',
    hash: 'password',
    holder: { has: ['userid', 'password'], accountId: 'userid' },
    clears: [],
    storesLowerCase: false,
    write: { format: 'bcrypt', cost: 10, prefix: '$2b$' },
    advice: [],
  },
  {
    name: 'Laravel',
    isFor: (table) => hasColumns(table, 'email', 'password', 'remembertoken'),
    because: ['remember_token'],
    email: 'email',
    hash: 'password',
    // Its own reset makes a new one, so that nobody stays in by "remember me".
    clears: ['remembertoken'],
    storesLowerCase: false,
    write: { format: 'bcrypt', cost: 12, prefix: '$2y$' },
    advice: [],
  },
  {
    name: 'Django',
    isFor: (table) =>
      table.kind === 'table' && hasColumns(table, 'email', 'password', 'lastlogin', 'issuperuser', 'isactive'),
    because: ['last_login', 'is_superuser'],
    email: 'email',
    hash: 'password',
    clears: [],
    storesLowerCase: false,
    write: { format: 'pbkdf2_sha256', iterations: 1_000_000 },
    advice: ['PASSWORD_HASHERS, if the app sets it, has to name PBKDF2PasswordHasher, which reads the new hashes'],
  },
];
