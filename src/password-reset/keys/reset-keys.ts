import type { Cluster, Redis } from 'ioredis';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import { Macs } from '../../secrets/macs.js';
import { KeyRecords } from './key-records.js';
import type { KeyDigest } from './reset-key.js';

/** The record of a key in Redis. */
export interface ResetKeyRecord {
  readonly accountId: string;
  /** The credential version that the key was made for; with any other version the key does not work. */
  readonly credentialVersion: number;
  /** By the database's clock; no other clock decides whether the key has expired. */
  readonly expiresAt: Date;
}

const purpose = 'latchkey reset record v1';
const macBytes = 16;
/** Bytes: account id 16, version 4, expiry (milliseconds) 8, MAC 16. 44 is the longest string that Redis embeds. */
const recordBytes = 16 + 4 + 8 + macBytes;

/** The records of reset keys. Each is bound to a credential version that PostgreSQL checks. */
export class ResetKeys {
  /** `joined`, as in the first release, whose records stay readable; safe because every field has a fixed length. */
  readonly #macs: Macs;
  readonly #records: KeyRecords;

  constructor(redis: Redis | Cluster, secrets: readonly string[], log: Log, metrics: Metrics) {
    this.#macs = new Macs(secrets, purpose, 'joined');
    this.#records = new KeyRecords('reset', redis, log, metrics);
  }

  /** @param lifetimeSeconds how long the key lives from now. @throws Unavailable */
  async remember(digest: KeyDigest, record: ResetKeyRecord, lifetimeSeconds: number): Promise<void> {
    await this.#records.write(digest, this.#write(digest, record), lifetimeSeconds);
  }

  /** Reads and changes nothing. Undefined when there is no record, or none of ours. @throws Unavailable */
  lookUp(digest: KeyDigest): Promise<ResetKeyRecord | undefined> {
    return this.#records.read(digest, (bytes) => this.#read(digest, bytes));
  }

  #write(digest: KeyDigest, record: ResetKeyRecord): Buffer {
    const bytes = Buffer.alloc(recordBytes);
    bytes.write(record.accountId.replaceAll('-', ''), 0, 'hex');
    bytes.writeUInt32BE(record.credentialVersion, 16);
    bytes.writeBigUInt64BE(BigInt(record.expiresAt.getTime()), 20);
    this.#macs.sign(digest, signedPart(bytes)).copy(bytes, recordBytes - macBytes);
    return bytes;
  }

  #read(digest: KeyDigest, bytes: Buffer): ResetKeyRecord | undefined {
    if (bytes.length !== recordBytes) return undefined;
    if (!this.#macs.verify(bytes.subarray(recordBytes - macBytes), digest, signedPart(bytes))) return undefined;
    return {
      accountId: bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      credentialVersion: bytes.readUInt32BE(16),
      expiresAt: new Date(Number(bytes.readBigUInt64BE(20))),
    };
  }
}

function signedPart(record: Buffer): Buffer {
  return record.subarray(0, recordBytes - macBytes);
}
