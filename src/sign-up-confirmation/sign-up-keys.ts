import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { type EmailAddress, parseEmailAddress } from '../accounts/email-address.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { KeyRecords } from '../password-reset/keys/key-records.js';
import type { KeyDigest, ResetKey } from '../password-reset/keys/reset-key.js';
import { Macs } from '../secrets/macs.js';

/** The record in Redis of a key that makes an account. */
export interface SignUpRecord {
  readonly email: EmailAddress;
  /** A language that mails are written in, or null. */
  readonly locale: string | null;
  /** By the database's clock; no other clock decides whether the key has expired. */
  readonly expiresAt: Date;
}

const recordPurpose = 'latchkey sign-up record v1';
/** Differs from the label of reset keys, so that a key for one purpose does not work for the other. */
const keyPurpose = 'latchkey sign-up v1\0';
const macBytes = 16;

export function signUpDigestOf(key: ResetKey): KeyDigest {
  return createHash('sha256').update(keyPurpose).update(Buffer.from(key, 'base64url')).digest() as KeyDigest;
}

/** The records of keys that make an account: a MAC of 16 bytes, then what it signs. PostgreSQL decides whether the address is free. */
export class SignUpKeys {
  readonly #macs: Macs;
  readonly #records: KeyRecords;

  constructor(redis: Redis | Cluster, secrets: readonly string[], log: Log, metrics: Metrics) {
    this.#macs = new Macs(secrets, recordPurpose);
    this.#records = new KeyRecords('sign-up', redis, log, metrics);
  }

  /** @param lifetimeSeconds how long the key lives from now. @throws Unavailable */
  async remember(digest: KeyDigest, record: SignUpRecord, lifetimeSeconds: number): Promise<void> {
    const { email, locale, expiresAt } = record;
    const text = Buffer.from(JSON.stringify({ email, locale, expiresAt: expiresAt.getTime() }));
    await this.#records.write(digest, Buffer.concat([this.#macs.sign(digest, text), text]), lifetimeSeconds);
  }

  /** Reads and changes nothing. Undefined when there is no record, or none of ours. @throws Unavailable */
  lookUp(digest: KeyDigest): Promise<SignUpRecord | undefined> {
    return this.#records.read(digest, (bytes) => {
      const text = bytes.subarray(macBytes);
      return this.#macs.verify(bytes.subarray(0, macBytes), digest, text) ? read(text) : undefined;
    });
  }
}

function read(text: Buffer): SignUpRecord | undefined {
  const { email, locale, expiresAt } = JSON.parse(text.toString('utf8'));
  const parsed = parseEmailAddress(String(email));
  if (!parsed) return undefined;
  return { email: parsed, locale: typeof locale === 'string' ? locale : null, expiresAt: new Date(Number(expiresAt)) };
}
