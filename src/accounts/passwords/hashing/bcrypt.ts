import bcrypt from 'bcrypt';

/** Bytes of a password that bcrypt reads, including the NUL at its end if there is room. */
export const bcryptBytes = 72;

/**
 * A new bcrypt hash. Only of a password of at most 72 bytes in UTF-8 without a NUL; `PasswordPolicy` sees to that. A
 * pepper stands after the password, so of the two it is the pepper whose end bcrypt does not read.
 */
export async function makeBcrypt(
  password: string,
  { cost, prefix }: { cost: number; prefix: string },
): Promise<string> {
  return `${prefix}${(await bcrypt.hash(password, cost)).slice('$2b$'.length)}`;
}

/**
 * Whether this password matches a bcrypt hash. Runs in libuv's pool, as argon2 does. bcrypt reads only the first 72
 * bytes of the password in UTF-8.
 *
 * The prefixes `$2a$`, `$2b$` and `$2y$` mean the same (crypt_blowfish; `formOf` refuses `$2x$`, which marks hashes of
 * an early bug). The package (bcrypt 6.0.0) refuses `$2y$` (kelektiv/node.bcrypt.js#849, open), and for `$2a$` takes
 * the length of the password modulo 256, as OpenBSD did before 2014. So it always gets `$2b$`.
 *
 * @param hash in a form that `formOf` reads.
 */
export function opensBcrypt(hash: string, password: string): Promise<boolean> {
  return bcrypt.compare(password, hash.replace(/^\$2[ay]\$/, '$2b$$'));
}
