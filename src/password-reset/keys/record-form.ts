import type { KeyDigest } from './reset-key.js';

/** What a key is made for. */
export interface ResetKeyBinding {
  readonly accountId: string;
  /** The credential version that the key was made for; with any other version the key does not work. */
  readonly credentialVersion: number;
  /** Of an account in an app's table: what its row says; else missing or empty. */
  readonly stamp?: string;
  /** By the database's clock; no other clock decides whether the key has expired. */
  readonly expiresAt: Date;
}

/** The record of a key in Redis, which holds the stamp under HMAC only. */
export interface ResetKeyRecord extends Omit<ResetKeyBinding, 'stamp'> {
  readonly mark: Buffer;
}

/** A form of records: bytes with a MAC under a purpose of its own. */
export interface RecordForm {
  write(digest: KeyDigest, record: ResetKeyRecord): Buffer;
  /** @returns undefined for a record that was not written so, by us. */
  read(digest: KeyDigest, bytes: Buffer): (ResetKeyRecord & { readonly shape: string }) | undefined;
}
