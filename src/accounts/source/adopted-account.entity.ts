import { defineEntity, p } from '@mikro-orm/core';

/**
 * What our table has and that of an app lacks: the versions of an account that lives there. A row is made when it is
 * needed first, and stays when the app deletes the account: the versions only ever rise, so that whatever the app puts
 * back revives no key. Times are by the database's clock.
 */
export const AdoptedAccount = defineEntity({
  name: 'AdoptedAccount',
  tableName: 'adopted_account',
  properties: {
    /** See `idBeside`: made of the next two. */
    id: p.uuid().primary(),
    /** The app's table with its schema; no foreign key leads there. */
    tableName: p.string().columnType('text').collation('C'),
    accountId: p.string().columnType('text').collation('C'),
    version: p.integer().default(1),
    sessionVersion: p.integer().default(1),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    /** When we changed the password last. */
    changedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  uniques: [{ name: 'adopted_account_unique', properties: ['tableName', 'accountId'] }],
  checks: [
    { name: 'adopted_account_version_check', expression: 'version >= 1' },
    { name: 'adopted_account_session_version_check', expression: 'session_version >= 1' },
  ],
});
