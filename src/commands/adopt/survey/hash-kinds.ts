import { formOf } from '../../../accounts/passwords/forms/imported-hash.js';
import { dummyOf, formNameInSql } from '../../../accounts/passwords/forms/names.js';
import type { WrittenForm } from '../../../settings/accounts/shape.js';
import { literal } from '../../../stores/postgres/schemas.js';

/** A kind of stored hash with the number of its rows. Never a hash. */
export interface CountedKind {
  /** `bcrypt 12 $2a$`, `argon2id m=19456,t=2,p=1`, `Django PBKDF2: pbkdf2-sha256 600000`, `MD5 crypt`. */
  readonly name: string;
  readonly rows: number;
  /** Whether we verify it; otherwise its people begin with a recovery. */
  readonly isRead: boolean;
}

/** Lengths are told beside these: a bound on a repetition makes an expression many times slower. */
const bcrypt = '^[$]2[aby][$][0-9][0-9][$][./A-Za-z0-9]+[.CGKOSWaeimquy26]$';
const bcryptLength = 60;
const argon2id = '^[$]argon2id[$]v=19[$][mtp]=[0-9]+,[mtp]=[0-9]+,[mtp]=[0-9]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]+$';
/** The shortest salt and digest that are read, and the longest, with their parameters. */
const argon2idLengths = { least: 56, most: 200 } as const;

/**
 * Other hashes by how their makers write them: regular expressions of PostgreSQL, the first counts. Where the hash is of
 * a form that we verify, its name follows, after a colon.
 */
const otherKinds: readonly (readonly [pattern: string, name: string])[] = [
  ['^$', 'empty text'],
  ['^[$]2', 'bcrypt, not whole'],
  ['^[$]argon2[id][$]', 'argon2i or argon2d'],
  ['^[$]argon2id[$]', 'argon2id, not whole or of another version'],
  ['^pbkdf2_sha(1|256)[$]', 'Django PBKDF2'],
  ['^bcrypt_sha256[$]', 'Django bcrypt_sha256'],
  ['^bcrypt[$][$]2', 'Django bcrypt, with its name in front'],
  ['^argon2[$][$]argon2', 'Django argon2, with its name in front'],
  ['^scrypt[$]', 'Django scrypt'],
  ['^!', 'Django, no usable password'],
  ['^[{]bcrypt[}]', 'Spring bcrypt'],
  ['^[$]bcrypt-sha256[$]', 'passlib bcrypt_sha256'],
  ['^[0-9a-f]+:[0-9a-f]+$', 'hexadecimal salt and digest, as of Better Auth scrypt'],
  ['^[0-9A-Fa-f]+$', 'hexadecimal digits, as of MD5 or SHA'],
  ['^scrypt:', 'Werkzeug scrypt'],
  ['^pbkdf2:', 'Werkzeug PBKDF2'],
  ['^[$]scrypt[$]', 'scrypt, PHC'],
  ['^[$]fbscrypt[$]', 'Firebase scrypt'],
  ['^[$]pbkdf2', 'PBKDF2, passlib or PHC'],
  ['^[$]wp[$]', 'WordPress bcrypt'],
  ['^[$][PH][$]', 'phpass'],
  ['^[$]5[$]', 'SHA-256 crypt'],
  ['^[$]6[$]', 'SHA-512 crypt'],
  ['^[$]1[$]', 'MD5 crypt'],
  ['^AQAAAA', 'ASP.NET Identity'],
  ['^A[A-P][A-Za-z0-9+/]+==$', 'ASP.NET Identity 2, or other base64'],
  ['^[$]wrapped[$]', 'digest, wrapped in argon2id'],
  ['^[{]SSHA', 'LDAP, salted SHA'],
  ['^[{][A-Za-z0-9-]+[}]', 'LDAP scheme'],
];

/** SQL: the name of a hash's kind. `hash` is SQL of a text under the collation "C". */
export function kindInSql(hash: string): string {
  return `case
    when ${hash} is null then 'no hash (NULL)'
    when length(${hash}) = ${bcryptLength} and ${hash} ~ ${literal(bcrypt)} then 'bcrypt ' || substr(${hash}, 5, 2) || ' ' || left(${hash}, 4)
    when length(${hash}) between ${argon2idLengths.least} and ${argon2idLengths.most} and ${hash} ~ ${literal(argon2id)} then 'argon2id ' || split_part(${hash}, '$', 4)
    else case
      ${otherKinds.map(([pattern, name]) => `when ${hash} ~ ${literal(pattern)} then ${literal(name)}`).join('\n      ')}
      else 'unknown' end || coalesce(': ' || ${formNameInSql(hash)}, '') end`;
}

/** Whether hashes of a kind are verified here; too costly ones are not. */
export function isReadKind(name: string): boolean {
  const [, bare, other] = /^(bcrypt \d\d|argon2id [mtp=\d,]+)(?: |$)|: ([a-z0-9-]+ [a-z=\d,]+)$/.exec(name) ?? [];
  const form = bare ?? other;
  return form !== undefined && formOf(dummyOf(form)) !== undefined;
}

/** How the app hashes: the form of most of its hashes that we can write, too. */
export function writtenLike(kinds: readonly CountedKind[]): WrittenForm | undefined {
  const mostFirst = kinds.filter(({ isRead }) => isRead).sort((one, other) => other.rows - one.rows);
  for (const { name } of mostFirst) {
    const written = writtenAs(name);
    if (written) return written;
  }
  return undefined;
}

function writtenAs(kind: string): WrittenForm | undefined {
  if (/^argon2id [^:]*$/.test(kind)) return { format: 'argon2id' };
  if (kind.endsWith(': scrypt ln=14,r=16,p=1')) return { format: 'better-auth-scrypt' };
  const [, cost, mark, iterations] =
    /^bcrypt (\d\d) \$(2[aby])\$$|^Django PBKDF2: pbkdf2-sha256 (\d+)$/.exec(kind) ?? [];
  if (iterations !== undefined) return { format: 'pbkdf2_sha256', iterations: Math.max(Number(iterations), 100_000) };
  if (cost === undefined) return undefined;
  return { format: 'bcrypt', cost: Math.min(Number(cost), mostCost), prefix: `$${mark as '2a' | '2b' | '2y'}$` };
}

/** The most that `write` takes. */
const mostCost = 14;
