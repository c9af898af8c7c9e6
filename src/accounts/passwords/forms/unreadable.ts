import type { UnreadableKind } from '../../../observability/metrics.js';
import { formOf } from './imported-hash.js';

/** By how a text begins, or what it is made of; the first that fits. */
const kinds: readonly (readonly [UnreadableKind, RegExp])[] = [
  // Django writes the name of its hasher before it.
  ['marked', /^(?:bcrypt|bcrypt_sha256|argon2)\$/],
  ['argon', /^\$argon2/],
  ['bcrypt', /^\$2/],
  // Django; passlib and PHC; Werkzeug.
  ['pbkdf', /^\$?pbkdf2[-_:$]/i],
  // PHC and passlib, libscrypt; Werkzeug and Django; Better Auth: a salt of 16 bytes and a key of 64.
  ['scrypt', /^(?:\$scrypt\$|\$7\$|\$s0\$|scrypt[:$]|[0-9a-f]{32}:[0-9a-f]{128}$)/],
  ['phpass', /^\$(?:[PH]\$|wp)/],
  ['crypt', /^\$(?:1|5|6|y|gy|md5|sha1)\$/],
  // MD5, SHA-1 and the four of SHA-2, without a salt that we could see.
  ['digest', /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i],
];

/**
 * The kind of a stored hash that no password opens here, so that its owner has to begin with a recovery. Its text is
 * looked at, and nothing of it is in the answer.
 *
 * @returns undefined where the hash can be verified, or there is none.
 */
export function unreadableKind(hash: string | null | undefined): UnreadableKind | undefined {
  if (!hash || formOf(hash)) return undefined;
  return kinds.find(([, pattern]) => pattern.test(hash))?.[0] ?? 'other';
}
