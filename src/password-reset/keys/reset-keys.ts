import type { Cluster, Redis } from 'ioredis';
import { type Stamped, Stamps } from '../../accounts/source/stamps.js';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import { KeyRecords } from './key-records.js';
import { ownRecord } from './own-record.js';
import type { RecordForm, ResetKeyBinding, ResetKeyRecord } from './record-form.js';
import type { KeyDigest } from './reset-key.js';

import { shapedRecord } from './shaped-record.js';

const nothing = Buffer.alloc(0);

/**
 * The records of reset keys. Each is bound to a credential version that PostgreSQL checks; in an app's table, to what
 * the row says, too, and to that table. Keys of our own table have the records of the last release, so that its
 * processes read ours, and we theirs, while they are replaced.
 */
export class ResetKeys {
  readonly #records: KeyRecords;
  readonly #stamps: Stamps;
  readonly #forms: readonly RecordForm[];

  /** @param shape where accounts live now: see `Shape.name`. */
  constructor(
    redis: Redis | Cluster,
    secrets: readonly string[],
    log: Log,
    metrics: Metrics,
    private readonly shape = '',
  ) {
    this.#records = new KeyRecords('reset', redis, log, metrics);
    this.#stamps = new Stamps(secrets);
    const [own, shaped] = [ownRecord(secrets), shapedRecord(secrets, shape)];
    this.#forms = shape ? [shaped, own] : [own, shaped];
  }

  /** @param lifetimeSeconds how long the key lives from now. @throws Unavailable */
  async remember(
    digest: KeyDigest,
    { stamp = '', ...binding }: ResetKeyBinding,
    lifetimeSeconds: number,
  ): Promise<void> {
    const record = { ...binding, mark: stamp ? this.#stamps.sign({ stamp }) : nothing };
    const bytes = (this.#forms[0] as RecordForm).write(digest, record);
    await this.#records.write(digest, bytes, lifetimeSeconds);
  }

  /**
   * Reads and changes nothing. Undefined when there is no record, none of ours, or one of accounts that lived
   * elsewhere. @throws Unavailable
   */
  async lookUp(digest: KeyDigest): Promise<ResetKeyRecord | undefined> {
    const record = await this.#records.read(digest, (bytes) => {
      for (const form of this.#forms) {
        const found = form.read(digest, bytes);
        if (found) return found;
      }
      return undefined;
    });
    return record?.shape === this.shape ? record : undefined;
  }

  /** Whether nothing has happened to the account since the key was made for it. */
  isFor(record: ResetKeyRecord, account: Stamped): boolean {
    if (record.credentialVersion !== account.credentialVersion) return false;
    return account.stamp ? this.#stamps.verify(record.mark, account) : record.mark.length === 0;
  }
}
