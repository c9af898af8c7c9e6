import { createHash, createHmac } from 'node:crypto';
import { bcryptBytes, opensBcrypt } from '../hashing/bcrypt.js';
import { randomCrypt } from './encodings.js';
import { always, beginsWith, type Family, type HashVerdict, type Reading, refused } from './reading.js';

const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 16 bytes of salt and 23 of digest: the unused bits of the digest's last character are always zero. */
const whole = /^(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21})([./A-Za-z0-9])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/;
/** Its characters are part of what is hashed, so they have no second spelling. */
const passlib =
  /^\$bcrypt-sha256\$(?:v=2,t=(2[ab]),r=(\d\d?)|(2[ab]),(\d\d?))\$([./A-Za-z0-9]{21}[.Oeu])\$([./A-Za-z0-9]{31})$/;

/**
 * What makers hash before bcrypt, so that it reads passwords of any length: Django's `BCryptSHA256PasswordHasher`, and
 * `wp_hash_password` of WordPress 6.8.
 */
const digested: Readonly<Record<string, (password: string) => string>> = {
  bcrypt_sha256$: (password) => createHash('sha256').update(password).digest('hex'),
  $wp: (password) => createHmac('sha384', 'wp-sha384').update(password).digest('base64'),
};

const pepperMark = '$peppered';

/** Modular crypt strings, bare or with the name of a maker before them. */
export const bcryptFamily: Family = {
  algorithms: ['bcrypt'],
  begins: /^(?:\$2|\$peppered\$|\{bcrypt\}|bcrypt(?:_sha256)?\$|\$wp\$|\$bcrypt-sha256\$)/,
  read(text) {
    if (text.startsWith('$bcrypt-sha256$')) return readPasslib(text);
    if (text.startsWith(pepperMark)) return readPeppered(text);
    // Spring and Django name the algorithm only; what they hash is the password.
    const [, mark = '', crypt = ''] = /^(\{bcrypt\}|bcrypt\$|bcrypt_sha256\$|\$wp)?(.*)$/s.exec(text) ?? [];
    const verdict = readCrypt(crypt);
    const digest = digested[mark];
    if (verdict.kind === 'refused' || !digest) return verdict;
    return over(verdict, `${mark}${verdict.hash}`, digest);
  },
  beginsInSql: (hash) => beginsWith(hash, '$2', 'bcrypt', '{bcrypt}$2', '$wp$2', '$bcrypt-sha256$', '$peppered$2'),
  namesInSql: (hash) => [
    [
      `length(${hash}) >= 60 and right(${hash}, 60) ~ '^[$]2[aby][$][0-9][0-9][$][./A-Za-z0-9]+$'
         and left(${hash}, -60) in ('', 'bcrypt$', 'bcrypt_sha256$', '{bcrypt}', '$wp', '$peppered')`,
      `'bcrypt ' || substr(right(${hash}, 60), 5, 2)`,
    ],
    [
      `${hash} ~ '^[$]bcrypt-sha256[$](v=2,t=2[ab],r=|2[ab],)[0-9]+[$][./A-Za-z0-9]+[$][./A-Za-z0-9]+$'`,
      `'bcrypt ' || lpad(substring(${hash} from '(?:,r=|[$]2[ab],)([0-9]+)[$]'), 2, '0')`,
    ],
  ],
  // Random characters; only the last of the salt and of the digest are fixed, because their unused bits must be zero.
  dummyOf: (_algorithm, cost) => `$2b$${cost}$${randomCrypt(21)}u${randomCrypt(30)}u`,
};

function readCrypt(text: string): HashVerdict {
  const [, head, cost, lastOfSalt = '', digest] = whole.exec(text) ?? [];
  if (!head) return refused('bcrypt hash is not a cost, 22 characters of salt and 31 of digest');
  if (!isCost(Number(cost))) return refused('bcrypt cost is not 4 to 31');
  // Some programs set the four unused bits of the salt; crypt_blowfish ignores them, bcrypt 6.0.0 never matches them.
  const kept = alphabet.charAt(alphabet.indexOf(lastOfSalt) & 0b110000);
  const hash = `${head}${kept}${digest}`;
  return {
    kind: 'accepted',
    hash,
    form: { algorithm: 'bcrypt', cost: Number(cost) },
    // Of longer ones, or after a NUL, which bcrypt reads in more than one way, other characters would open it, too.
    readsWhole: (password) => Buffer.byteLength(password) < bcryptBytes && !password.includes('\0'),
    opens: (password, { pepper = '', appHasPepper }) => opensBcrypt(hash, appHasPepper ? password + pepper : password),
  };
}

/** A bare hash of another system that holds its pepper, as an import stores it. */
export function markPeppered(hash: string): string {
  return `${pepperMark}${hash}`;
}

/** Without the name of a maker, of which none has a pepper. */
export function isBareBcrypt(hash: string | null): boolean {
  return hash?.startsWith('$2') === true;
}

export function isPeppered(hash: string | null): boolean {
  return hash?.startsWith(pepperMark) === true;
}

/** Without the pepper it takes the same time, and opens for nobody. */
function readPeppered(text: string): HashVerdict {
  const verdict = readCrypt(text.slice(pepperMark.length));
  if (verdict.kind === 'refused') return verdict;
  const opens: Reading['opens'] = async (password, { pepper }) => {
    const isSame = await opensBcrypt(verdict.hash, password + (pepper ?? ''));
    return isSame && pepper !== undefined;
  };
  return { ...verdict, hash: `${pepperMark}${verdict.hash}`, hasPepper: true, opens };
}

/** `passlib.hash.bcrypt_sha256`: version 2 keys the digest with the salt, version 1 does not. */
function readPasslib(text: string): HashVerdict {
  const [, ident2, cost2, ident1, cost1, salt = '', digest = ''] = passlib.exec(text) ?? [];
  const [ident, cost] = [ident2 ?? ident1, Number(cost2 ?? cost1)];
  if (!ident) return refused('bcrypt_sha256 hash is not one of version 1 or 2 of passlib');
  if (!isCost(cost)) return refused('bcrypt cost is not 4 to 31');
  const verdict = readCrypt(`$${ident}$${String(cost).padStart(2, '0')}$${salt}${digest}`);
  if (verdict.kind === 'refused') return verdict;
  return over(verdict, text, (password) => {
    const made = ident2 === undefined ? createHash('sha256') : createHmac('sha256', salt);
    return made.update(password).digest('base64');
  });
}

function over(bcrypt: Reading, hash: string, digest: (password: string) => string): Reading {
  const opens = (password: string) => opensBcrypt(bcrypt.hash, digest(password));
  return { ...bcrypt, hash, readsWhole: always, opens };
}

function isCost(cost: number): boolean {
  return cost >= 4 && cost <= 31;
}
