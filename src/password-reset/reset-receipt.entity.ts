import { defineEntity, p } from '@mikro-orm/core';

/**
 * Which key changed which version: written in the commit that is the reset, read to answer a retry whose first answer
 * was lost. Unique per (account, from version): at most one reset commits for each version.
 */
export const ResetReceipt = defineEntity({
  name: 'ResetReceipt',
  tableName: 'reset_receipt',
  properties: {
    /** SHA-256 over the purpose label and the key, 32 bytes. */
    digest: p.blob().columnType('bytea').primary(),
    accountId: p.uuid(),
    fromVersion: p.integer(),
    usedAt: p.datetime().columnType('timestamptz'),
    replayCount: p.integer(),
  },
  uniques: [{ properties: ['accountId', 'fromVersion'] }],
});
