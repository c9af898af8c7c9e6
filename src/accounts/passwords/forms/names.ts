import { randomBytes } from 'node:crypto';
import type { HashForm } from './imported-hash.js';

/**
 * SQL for the name of a hash's form, as in the table `password_form`: `argon2id m=19456,t=2,p=1`, `bcrypt 12`. Gives
 * the same as `formName`. `hash` is an SQL expression.
 */
export const formNameInSql = (hash: string) => `
  case
    when ${hash} like '$argon2id$v=19$%' then 'argon2id ' || split_part(${hash}, '$', 4)
    when ${hash} ~ '^[$]2[aby][$][0-9][0-9][$]' then 'bcrypt ' || split_part(${hash}, '$', 3)
  end`;

/** The name of a stored hash's form, cut out of the text of the hash; undefined for an unknown form. */
export function formName(hash: string | null | undefined): string | undefined {
  const [, argon2id, bcrypt] = /^\$argon2id\$v=19\$([^$]*)\$|^\$2[aby]\$(\d\d)\$/.exec(hash ?? '') ?? [];
  if (argon2id !== undefined) return `argon2id ${argon2id}`;
  return bcrypt === undefined ? undefined : `bcrypt ${bcrypt}`;
}

export function nameOfForm(form: HashForm): string {
  return form.algorithm === 'bcrypt'
    ? `bcrypt ${String(form.cost).padStart(2, '0')}`
    : `argon2id m=${form.memoryKib},t=${form.timeCost},p=${form.parallelism}`;
}

/**
 * A hash of that form that no password matches: salt and digest are random, so verifying it does the full work and
 * fails. A new one for each call; making it takes next to no time.
 */
export function dummyOf(name: string): string {
  const [algorithm, parameters = ''] = name.split(' ');
  if (algorithm === 'bcrypt') {
    // Random characters; only the last of the salt and of the digest are fixed, because their unused bits must be zero.
    return `$2b$${parameters}$${bcryptText(21)}u${bcryptText(30)}u`;
  }
  return `$argon2id$v=19$${parameters}$${base64(16)}$${base64(32)}`;
}

function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replace(/=+$/, '');
}

function bcryptText(length: number): string {
  return randomBytes(length).toString('base64').replaceAll('+', '.').slice(0, length);
}
