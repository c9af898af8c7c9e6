import bcrypt from 'bcrypt';

/**
 * Whether bcrypt opens a hash with this password, worked out in libuv's pool as argon2 is. What a hash means is bcrypt's
 * own affair: only the first 72 bytes of the password in UTF-8 count.
 *
 * The writings `$2a$`, `$2b$` and `$2y$` mean the same (crypt_blowfish; `$2x$`, of its early fault, is refused where
 * hashes are read). The package refuses `$2y$` (kelektiv/node.bcrypt.js#849, open), and for `$2a$` counts the bytes of a
 * password modulo 256, as OpenBSD did before 2014: both seen in bcrypt 6.0.0. So it is given `$2b$`.
 *
 * @param hash in a form that `formOf` reads.
 */
export function opensBcrypt(hash: string, password: string): Promise<boolean> {
  return bcrypt.compare(password, hash.replace(/^\$2[ay]\$/, '$2b$$'));
}
