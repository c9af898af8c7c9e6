import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { type EmailAddress, parseEmailAddress } from '../accounts/email-address.js';
import { Unavailable } from '../calls/errors.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { KeyDigest, ResetKey } from '../password-reset/keys/reset-key.js';
import { Macs } from '../secrets/macs.js';

/** What Redis remembers of a key that makes an account. */
export interface SignUpRecord {
  readonly email: EmailAddress;
  /** A language that mails are written in, or null. */
  readonly locale: string | null;
  /** By the database's clock, which alone decides about it. */
  readonly expiresAt: Date;
}

const recordPurpose = 'latchkey sign-up record v1';
/** Another label than a reset key's: a key made for one is worth nothing for the other. */
const keyPurpose = 'latchkey sign-up v1\0';
const macBytes = 16;
/** Kept a day longer than the key lives, so that the holder of an old key can be told why. */
const afterlifeSeconds = 86_400;

export function signUpDigestOf(key: ResetKey): KeyDigest {
  return createHash('sha256').update(keyPurpose).update(Buffer.from(key, 'base64url')).digest() as KeyDigest;
}

/**
 * The records `sign-up:<digest>` in Redis: a MAC of 16 bytes, then what it signs. As with reset keys, whoever can write to
 * Redis still cannot make a key, and PostgreSQL decides whether the address is free.
 */
export class SignUpKeys {
  readonly #macs: Macs;

  constructor(
    private readonly redis: Redis | Cluster,
    secrets: readonly string[],
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {
    this.#macs = new Macs(secrets, recordPurpose);
  }

  /** @param lifetimeSeconds how long the key lives from now. @throws Unavailable */
  async remember(digest: KeyDigest, record: SignUpRecord, lifetimeSeconds: number): Promise<void> {
    const { email, locale, expiresAt } = record;
    const text = Buffer.from(JSON.stringify({ email, locale, expiresAt: expiresAt.getTime() }));
    const bytes = Buffer.concat([this.#macs.sign(digest, text), text]);
    try {
      await this.redis.set(nameOf(digest), bytes, 'EX', lifetimeSeconds + afterlifeSeconds);
    } catch (error) {
      throw new Unavailable('redis', { cause: error });
    }
  }

  /** Reads and changes nothing. Undefined when there is no record, or none of ours. @throws Unavailable */
  async lookUp(digest: KeyDigest): Promise<SignUpRecord | undefined> {
    const bytes = await this.redis.getBuffer(nameOf(digest)).catch((error: unknown) => {
      throw new Unavailable('redis', { cause: error });
    });
    if (bytes === null) return undefined;
    const text = bytes.subarray(macBytes);
    const record = this.#macs.verify(bytes.subarray(0, macBytes), digest, text) ? read(text) : undefined;
    if (!record) {
      this.metrics.alarm('forged-reset-record');
      this.log.error({ part: 'redis', reason: 'forged-reset-record' }, 'ALARM: a sign-up record was not written by us');
    }
    return record;
  }
}

function read(text: Buffer): SignUpRecord | undefined {
  const { email, locale, expiresAt } = JSON.parse(text.toString('utf8'));
  const parsed = parseEmailAddress(String(email));
  if (!parsed) return undefined;
  return { email: parsed, locale: typeof locale === 'string' ? locale : null, expiresAt: new Date(Number(expiresAt)) };
}

function nameOf(digest: KeyDigest): string {
  return `sign-up:${digest.toString('base64url')}`;
}
