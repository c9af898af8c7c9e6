import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const accountStatuses = ['active', 'disabled'] as const;
export type AccountStatus = (typeof accountStatuses)[number];

/**
 * Somebody who can sign in. `credentialVersion` rises with every credential event and decides which reset keys work;
 * it is a plain integer, not an ORM version column, so that no unrelated change can kill a key. `sessionVersion` rises
 * with those and with "sign out everywhere", and decides which access tokens work. Times are the database's.
 */
export const Account = defineEntity({
  name: 'Account',
  tableName: 'account',
  properties: {
    id: p.uuid().primary(),
    /** As our parser writes it: lower case, domain in ASCII. The address that mails go to. Compared byte by byte. */
    email: p.string().columnType('text').collation('C').unique(),
    /** PHC or modular crypt string, or null: no password opens it. Never selected unless asked for, never serialized. */
    passwordHash: p.string().columnType('text').nullable().lazy().hidden(),
    locale: p.string().columnType('text').nullable(),
    status: p.enum([...accountStatuses]).$type<AccountStatus>(),
    credentialVersion: p.integer(),
    sessionVersion: p.integer(),
    credentialsChangedAt: p.datetime().columnType('timestamptz'),
    createdAt: p.datetime().columnType('timestamptz'),
    /** The database's clock when the row was read; not a column. */
    readAt: p.datetime().formula('now()').lazy().hidden(),
  },
});

export type AccountRow = InferEntity<typeof Account>;
