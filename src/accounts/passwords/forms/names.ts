import { randomBytes } from 'node:crypto';
import type { HashForm } from './imported-hash.js';

/**
 * A form of hashes by its name, as the table of shares has it: `argon2id m=19456,t=2,p=1`, `bcrypt 12`. The same in SQL
 * as here, cut out of the hash as it stands.
 */
export const formNameInSql = (hash: string) => `
  case
    when ${hash} like '$argon2id$v=19$%' then 'argon2id ' || split_part(${hash}, '$', 4)
    when ${hash} ~ '^[$]2[aby][$][0-9][0-9][$]' then 'bcrypt ' || split_part(${hash}, '$', 3)
  end`;

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
 * A hash of that form that no password opens: salt and digest are random, so that verifying it does all the work and
 * fails. Always new, and made in no time.
 */
export function dummyOf(name: string): string {
  const [algorithm, parameters = ''] = name.split(' ');
  if (algorithm === 'bcrypt') {
    // Any characters of the alphabet but the last of salt and digest, whose unused bits are zero.
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
