import type { WrittenForm } from '../../../settings/accounts/shape.js';
import { families } from './families.js';
import { formOf, type HashForm } from './imported-hash.js';
import { betterAuth, nameOf as nameOfScrypt } from './scrypt.js';

/**
 * SQL for the name of a hash's form, as in the table `password_form`: `argon2id m=19456,t=2,p=1`, `bcrypt 12`. Gives
 * the same as `formName` for a hash that can be verified, and a name or NULL for others. `hash` is an SQL expression.
 */
export const formNameInSql = (hash: string) => `
  case
    ${families
      .map((each) => `when ${each.beginsInSql(hash)} then case\n      ${branches(each.namesInSql(hash))}\n    end`)
      .join('\n    ')}
  end`;

const branches = (names: readonly (readonly [condition: string, name: string])[]) =>
  names.map(([condition, name]) => `when ${condition} then ${name}`).join('\n      ');

/** The name of a stored hash's form; undefined for a hash that cannot be verified. */
export function formName(hash: string | null | undefined): string | undefined {
  const form = formOf(hash);
  return form && nameOfForm(form);
}

export function nameOfForm(form: HashForm): string {
  switch (form.algorithm) {
    case 'bcrypt':
      return `bcrypt ${String(form.cost).padStart(2, '0')}`;
    case 'phpass':
      return `phpass ${form.cost}`;
    case 'scrypt':
      return nameOfScrypt(form);
    case 'sha256-crypt':
    case 'sha512-crypt':
      return `${form.algorithm} ${form.rounds},${form.saltLength}`;
    case 'pbkdf2-sha1':
    case 'pbkdf2-sha256':
    case 'pbkdf2-sha512':
    case 'ssha':
      return `${form.algorithm} ${form.rounds}`;
    default:
      return `${form.algorithm} m=${form.memoryKib},t=${form.timeCost},p=${form.parallelism}`;
  }
}

/** The form of a hash that we write. @param argon2 what it costs, where that is written. */
export function nameOfWritten(written: WrittenForm, argon2: { memoryKib: number; timeCost: number }): string {
  switch (written.format) {
    case 'bcrypt':
      return nameOfForm({ algorithm: 'bcrypt', cost: written.cost });
    case 'pbkdf2_sha256':
      return nameOfForm({ algorithm: 'pbkdf2-sha256', rounds: written.iterations });
    case 'better-auth-scrypt':
      return nameOfScrypt(betterAuth);
    case 'argon2id':
      return nameOfForm({ algorithm: 'argon2id', ...argon2, parallelism: 1 });
  }
}

/**
 * A hash of that form that no password matches: salt and digest are random, so verifying it does the full work and
 * fails. A new one for each call; making it takes next to no time. The empty text for a name of no form.
 */
export function dummyOf(name: string): string {
  const [algorithm = '', parameters = ''] = name.split(' ');
  const family = families.find(({ algorithms }) => algorithms.some((each) => each === algorithm));
  return family?.dummyOf(algorithm, parameters) ?? '';
}
