import { type EntityManager, type MikroORM, raw } from '@mikro-orm/postgresql';
import { idBeside } from '../../accounts/source/beside.js';
import { orUnavailable } from '../../calls/unavailable.js';
import { eraseInParts } from '../../stores/postgres/erase-in-parts.js';
import { ours } from '../../stores/postgres/schemas.js';
import type { KeyDigest } from './reset-key.js';
import { ResetReceipt } from './reset-receipt.entity.js';

export interface Receipt {
  /** As the table of the accounts has it. */
  readonly accountId: string;
  readonly fromVersion: number;
}

/** How long after a reset the same call gets the same answer again. */
const replayWindow = '10 minutes';
/** Longer than any key and its record live, so that a used key is always known as used. */
export const receiptRetention = '30 days';
/** Each replay is one try of a password, so their number is bounded. */
const mostReplays = 3;

/** The receipts of committed resets. */
export class ResetReceipts {
  /** @param shape where accounts live now: see `Shape.name`. */
  constructor(
    private readonly orm: MikroORM,
    private readonly shape = '',
  ) {}

  /** In the transaction that is the reset. */
  async write(transaction: EntityManager, digest: KeyDigest, receipt: Receipt): Promise<void> {
    await transaction.insert(ResetReceipt, { digest, ...this.#ownerOf(receipt) });
  }

  /** @throws Unavailable */
  async find(digest: KeyDigest): Promise<Receipt | undefined> {
    const populate = this.shape ? (['adopted'] as const) : [];
    const row = await orUnavailable(this.orm.em.fork().findOne(ResetReceipt, { digest }, { populate }));
    if (!row) return undefined;
    const accountId = this.shape ? row.adopted?.accountId : row.accountId;
    const isHere = this.shape === (row.adopted?.tableName ?? '');
    return accountId && isHere ? { accountId, fromVersion: row.fromVersion } : undefined;
  }

  /** Uses up one replay of this key. @returns false when none was left in the window. @throws Unavailable */
  async takeReplay(digest: KeyDigest): Promise<boolean> {
    const left = {
      digest,
      replayCount: { $lt: mostReplays },
      [raw(`used_at + interval '${replayWindow}'`)]: { $gt: raw('now()') },
    };
    const taken = this.orm.em.fork().nativeUpdate(ResetReceipt, left, { replayCount: raw('replay_count + 1') });
    return (await orUnavailable(taken)) === 1;
  }

  #ownerOf({ accountId, fromVersion }: Receipt) {
    return this.shape ? { adopted: idBeside(this.shape, accountId), fromVersion } : { accountId, fromVersion };
  }

  /** Erases receipts older than their retention, in batches that each end in time. @returns how many. */
  async eraseOld(): Promise<number> {
    const table = ours(this.orm, 'reset_receipt');
    const old = `select digest from ${table} where used_at < now() - interval '${receiptRetention}' limit ?`;
    const statement = `delete from ${table} where digest in (${old}) returning 1`;
    return eraseInParts(async (most) => (await this.orm.em.fork().execute<unknown[]>(statement, [most])).length);
  }
}
