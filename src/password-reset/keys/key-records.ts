import type { Cluster, Redis } from 'ioredis';
import { Unavailable } from '../../calls/errors.js';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import type { KeyDigest } from './reset-key.js';

/** Seconds that a record stays after its key has expired, so that the holder can be told why the key does not work. */
const afterlife = 86_400;

/**
 * The records `<kind>:<digest>` in Redis. Redis only stores them: each kind signs its records with a MAC, so that
 * whoever can write to Redis still cannot make a key.
 */
export class KeyRecords {
  constructor(
    private readonly kind: 'reset' | 'sign-up',
    private readonly redis: Redis | Cluster,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  /** @param lifetimeSeconds how long the key lives from now. @throws Unavailable */
  async write(digest: KeyDigest, record: Buffer, lifetimeSeconds: number): Promise<void> {
    try {
      await this.redis.set(this.#nameOf(digest), record, 'EX', lifetimeSeconds + afterlife);
    } catch (error) {
      throw new Unavailable('redis', { cause: error });
    }
  }

  /**
   * Reads and changes nothing.
   *
   * @param parse returns undefined for a record without a valid MAC; that raises an alarm.
   * @returns undefined when there is no record, or none of ours. @throws Unavailable
   */
  async read<Parsed>(digest: KeyDigest, parse: (record: Buffer) => Parsed | undefined): Promise<Parsed | undefined> {
    const bytes = await this.redis.getBuffer(this.#nameOf(digest)).catch((error: unknown) => {
      throw new Unavailable('redis', { cause: error });
    });
    if (bytes === null) return undefined;
    const record = parse(bytes);
    if (!record) {
      this.metrics.alarm('forged-reset-record');
      const said = `ALARM: a ${this.kind} record was not written by us`;
      this.log.error({ part: 'redis', reason: 'forged-reset-record' }, said);
    }
    return record;
  }

  #nameOf(digest: KeyDigest): string {
    return `${this.kind}:${digest.toString('base64url')}`;
  }
}
