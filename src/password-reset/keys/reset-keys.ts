import type { Cluster, Redis } from 'ioredis';
import { Unavailable } from '../../calls/errors.js';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import { Macs } from '../../secrets/macs.js';
import type { KeyDigest } from './reset-key.js';

/** What Redis remembers of a key. */
export interface ResetKeyRecord {
  readonly accountId: string;
  /** The credential version that the key may change; of no use for any other. */
  readonly credentialVersion: number;
  /** By the database's clock, which alone decides about it. */
  readonly expiresAt: Date;
}

const purpose = 'latchkey reset record v1';
const macBytes = 16;
/** account id 16, credential version 4, expiry 8 (milliseconds), MAC 16: with 44 bytes Redis keeps name and value close. */
const recordBytes = 16 + 4 + 8 + macBytes;
/** Kept a day longer than the key lives, so that the holder of an old key can be told why. */
const afterlifeSeconds = 86_400;

/**
 * The records `reset:<digest>` in Redis. Redis remembers and decides nothing: a record carries a MAC, so that whoever
 * can write to Redis still cannot make a key, and it is bound to a credential version that PostgreSQL checks.
 */
export class ResetKeys {
  /** Joined, as the first release signed: its records and ours are read by both. Every field has one length. */
  readonly #macs: Macs;

  constructor(
    private readonly redis: Redis | Cluster,
    secrets: readonly string[],
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {
    this.#macs = new Macs(secrets, purpose, 'joined');
  }

  /** @param lifetimeSeconds how long the key lives from now. @throws Unavailable */
  async remember(digest: KeyDigest, record: ResetKeyRecord, lifetimeSeconds: number): Promise<void> {
    try {
      await this.redis.set(nameOf(digest), this.#write(digest, record), 'EX', lifetimeSeconds + afterlifeSeconds);
    } catch (error) {
      throw new Unavailable('redis', { cause: error });
    }
  }

  /** Reads and changes nothing. Undefined when there is no record, or none of ours. @throws Unavailable */
  async lookUp(digest: KeyDigest): Promise<ResetKeyRecord | undefined> {
    const bytes = await this.redis.getBuffer(nameOf(digest)).catch((error: unknown) => {
      throw new Unavailable('redis', { cause: error });
    });
    if (bytes === null) return undefined;
    const record = this.#read(digest, bytes);
    if (!record) {
      this.metrics.alarm('forged-reset-record');
      this.log.error({ part: 'redis', reason: 'forged-reset-record' }, 'ALARM: a reset record was not written by us');
    }
    return record;
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

function nameOf(digest: KeyDigest): string {
  return `reset:${digest.toString('base64url')}`;
}
