import { defineEntity, p } from '@mikro-orm/core';
import { Account } from '../../accounts/account.entity.js';
import { AdoptedAccount } from '../../accounts/source/adopted-account.entity.js';

/**
 * Which key changed which credential version: written in the transaction of the reset, read to answer a repeated call
 * whose first answer was lost. Unique per (account, from version): at most one reset commits for each version. The
 * account is one of ours or one of an app's.
 */
export const ResetReceipt = defineEntity({
  name: 'ResetReceipt',
  tableName: 'reset_receipt',
  properties: {
    /** SHA-256 over the purpose label and the key, 32 bytes. */
    digest: p.blob().columnType('bytea').primary(),
    accountId: () =>
      p
        .manyToOne(Account)
        .mapToPk()
        .fieldName('account_id')
        .foreignKeyName('reset_receipt_account_id_fkey')
        .deleteRule('cascade')
        .nullable(),
    adopted: () =>
      p
        .manyToOne(AdoptedAccount)
        .fieldName('adopted_account_id')
        .foreignKeyName('reset_receipt_adopted_account_id_fkey')
        .deleteRule('cascade')
        .nullable(),
    fromVersion: p.integer(),
    usedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    replayCount: p.integer().default(0),
  },
  uniques: [
    { name: 'reset_receipt_account_id_from_version_unique', properties: ['accountId', 'fromVersion'] },
    { name: 'reset_receipt_adopted_account_id_from_version_unique', properties: ['adopted', 'fromVersion'] },
  ],
  indexes: [{ name: 'reset_receipt_used_at_index', properties: ['usedAt'] }],
  checks: [
    { name: 'reset_receipt_digest_check', expression: 'octet_length(digest) = 32' },
    { name: 'reset_receipt_account_check', expression: 'num_nonnulls(account_id, adopted_account_id) = 1' },
    { name: 'reset_receipt_replay_count_check', expression: 'replay_count >= 0 and replay_count <= 3' },
  ],
});
