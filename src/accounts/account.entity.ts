import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const accountStatuses = ['active', 'disabled'] as const;
export type AccountStatus = (typeof accountStatuses)[number];

/**
 * Somebody who can sign in. `credentialVersion` rises when the password changes or the account is disabled, and decides
 * which reset keys work; it is a plain integer, not an ORM version column, so that no other change ends a key.
 * `sessionVersion` rises with it and with "sign out everywhere", and decides which access tokens work. Times are by the
 * database's clock.
 */
export const Account = defineEntity({
  name: 'Account',
  tableName: 'account',
  properties: {
    id: p.uuid().primary(),
    /** As `parseEmailAddress` writes it: lower case, domain in ASCII. Mails go to it. Compared byte by byte. */
    email: p.string().columnType('text').collation('C').unique('account_email_unique'),
    /**
     * PHC or modular crypt string; null if the account has no password. Never selected unless asked for, never
     * serialized.
     */
    passwordHash: p.string().columnType('text').nullable().lazy().hidden(),
    locale: p.string().columnType('text').nullable(),
    status: p.enum([...accountStatuses]).$type<AccountStatus>(),
    credentialVersion: p.integer().default(1),
    sessionVersion: p.integer().default(1),
    credentialsChangedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    /** The name of the account in the system that it was imported from. */
    externalId: p.string().columnType('text').collation('C').nullable().lazy(),
    /** `credentialVersion` after the last import that changed the account: while it is the same, nobody else has. */
    importedVersion: p.integer().nullable().lazy().hidden(),
    /** SHA-256 of the hash as it was imported; a sign-in may have renewed the stored one since. */
    importedDigest: p.blob().columnType('bytea').nullable().lazy().hidden(),
    /** The database's clock when the row was read; not a column. */
    readAt: p.datetime().formula('now()').lazy().hidden(),
  },
  uniques: [{ name: 'account_external_id_unique', properties: ['externalId'], where: 'external_id is not null' }],
  checks: [
    { name: 'account_credential_version_check', expression: 'credential_version >= 1' },
    { name: 'account_session_version_check', expression: 'session_version >= 1' },
  ],
});

export type AccountRow = InferEntity<typeof Account>;
