import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Also the associated data, so that no other text encrypted under the same secret opens as a data key. */
const purpose = 'latchkey data key v1';
const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
export const dataKeyBytes = 32;

/**
 * Encrypts a data key with AES-256-GCM under a subkey of `SECRET` (HKDF). 61 bytes: version 1, nonce 12, key 32, tag
 * 16.
 */
export function seal(key: Buffer, secret: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(secret), nonce).setAAD(Buffer.from(purpose));
  const sealed = Buffer.concat([cipher.update(key), cipher.final()]);
  return Buffer.concat([Buffer.of(version), nonce, sealed, cipher.getAuthTag()]);
}

/** Decrypts a sealed key; undefined unless this secret sealed it. */
export function open(sealed: Buffer, secret: string): Buffer | undefined {
  if (sealed.length !== 1 + nonceBytes + dataKeyBytes + tagBytes || sealed[0] !== version) return undefined;
  const nonce = sealed.subarray(1, 1 + nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(secret), nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(purpose))
    .setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function sealingKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
}
