import { createHash, randomBytes } from 'node:crypto';

/** The key in a mail: 32 random bytes (256 bits) in base64url, 43 characters. Exists only in memory and in the mail. */
export type ResetKey = string & { readonly __brand: 'ResetKey' };
/**
 * What is stored: SHA-256 over a purpose label and the key, 32 bytes. A fast hash suits 256 random bits (ASVS 6.5.2).
 */
export type KeyDigest = Buffer & { readonly __brand: 'KeyDigest' };

const keyBytes = 32;
/** The label separates kinds of keys: the digest of a key for one purpose matches none for another. */
const purpose = 'latchkey password reset v1\0';

export function mintResetKey(): ResetKey {
  return randomBytes(keyBytes).toString('base64url') as ResetKey;
}

/** Undefined unless the text is exactly what `mintResetKey` could have made (43 characters, canonical). */
export function parseResetKey(text: string): ResetKey | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) return undefined;
  // The last character carries 4 bits only: of the spellings that decode alike, one is canonical.
  return Buffer.from(text, 'base64url').toString('base64url') === text ? (text as ResetKey) : undefined;
}

export function digestOf(key: ResetKey): KeyDigest {
  return createHash('sha256').update(purpose).update(Buffer.from(key, 'base64url')).digest() as KeyDigest;
}
