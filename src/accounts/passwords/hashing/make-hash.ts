import argon2 from 'argon2';
import type { WrittenForm } from '../../../settings/accounts/shape.js';
import { makeDjango } from '../forms/pbkdf2.js';
import type { Tools } from '../forms/reading.js';
import { makeBetterAuth } from '../forms/scrypt.js';
import { makeBcrypt } from './bcrypt.js';

/** As the argon2 package names them; memory in KiB, length in bytes. */
export interface Argon2Options {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
  readonly hashLength: number;
}

/**
 * A new hash of a password in the form that is written.
 *
 * @throws Error without the pepper of an app that has one, because the app could not read the hash.
 */
export async function makeHash(
  password: string,
  written: WrittenForm,
  { argon2: options, pepper, appHasPepper }: Omit<Tools, 'thread'> & { readonly argon2: Argon2Options },
): Promise<string> {
  switch (written.format) {
    case 'bcrypt':
      if (!appHasPepper) return makeBcrypt(password, written);
      if (pepper === undefined) throw new Error('a hash was to be written without the pepper of the app');
      return makeBcrypt(password + pepper, written);
    case 'pbkdf2_sha256':
      return makeDjango(password, written.iterations);
    case 'better-auth-scrypt':
      return makeBetterAuth(password);
    case 'argon2id':
      return inReferenceOrder(await argon2.hash(password, options));
  }
}

/**
 * The argon2 package writes the parameters as `m,p,t`; the reference decoder (so also PHP, libsodium and argon2-cffi,
 * if they read the same table) accepts only `m,t,p`.
 */
export function inReferenceOrder(phc: string): string {
  return phc.replace(/\$m=(\d+),p=(\d+),t=(\d+)\$/, '$m=$1,t=$3,p=$2$');
}
