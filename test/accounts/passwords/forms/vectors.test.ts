import { describe, expect, it } from 'vitest';
import { parseImportedHash } from '../../../../src/accounts/passwords/forms/imported-hash.js';
import { dummyOf, formName } from '../../../../src/accounts/passwords/forms/names.js';
import { parseWeakDigest, wrap } from '../../../../src/accounts/passwords/forms/wrapped.js';
import { HashLimiter } from '../../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../../src/accounts/passwords/password-hash.js';
import { vectorPassword, vectors } from './vectors.js';

const passwords = new PasswordHash(
  { memoryKib: 19456, timeCost: 2 },
  new HashLimiter({ hashConcurrency: 2, hashQueue: 100 }),
);
const call = { urgency: 'other' } as const;
const opens = (hash: string, password: string) => passwords.verify(hash, password, call);

/** The same hash with one character of its salt or digest changed. */
function* damaged(hash: string): Generator<string> {
  const parts = hash.split(/(?<=[$:}])/);
  const swap = (text: string, at: number) => `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`;
  const last = parts.at(-1) ?? '';
  for (const at of [2, last.length - 5]) yield [...parts.slice(0, -1), swap(last, at)].join('');
  const salt = parts.at(-2) ?? '';
  if (salt.length > 4) yield [...parts.slice(0, -2), swap(salt, 1), last].join('');
}

describe('a hash as its tool made it', () => {
  it.each(vectors)('$form, by $tool: $command', async ({ form, hash, password = vectorPassword }) => {
    const verdict = parseImportedHash(hash);
    if (verdict.kind === 'refused') throw new Error(verdict.reason);
    expect(formName(hash)).toBe(form);
    expect(await opens(hash, password)).toBe(true);
    if (verdict.hash !== hash) expect(await opens(verdict.hash, password)).toBe(true);
    expect(parseImportedHash(verdict.hash)).toMatchObject({ hash: verdict.hash, form: verdict.form });
    expect(await opens(hash, `${password.slice(0, -1)}O`)).toBe(false);
    for (const each of damaged(hash)) expect(await opens(each, password), each).toBe(false);
    for (const each of [hash.slice(0, -1), hash.slice(0, hash.length / 2), `${hash}\n`, `${hash}\0`, ` ${hash}`]) {
      const verdict = parseImportedHash(each, { allowExpensive: true });
      expect(verdict.kind, each).toBe('refused');
      if (verdict.kind === 'refused') expect(verdict.reason).not.toContain(hash.slice(-12, -1));
    }
  });

  it('has forms of every family, and each has a dummy that nobody opens', async () => {
    const forms = new Set(vectors.map(({ form }) => form));
    expect(new Set([...forms].map((form) => form.split(' ')[0]))).toEqual(
      new Set([
        ...['argon2id', 'argon2i', 'argon2d', 'bcrypt', 'scrypt', 'pbkdf2-sha1', 'pbkdf2-sha256', 'pbkdf2-sha512'],
        ...['phpass', 'sha256-crypt', 'sha512-crypt', 'ssha'],
      ]),
    );
    for (const form of [...forms, 'wrapped m=1024,t=2,p=1']) {
      const [one, other] = [dummyOf(form), dummyOf(form)];
      expect(formName(one), form).toBe(form);
      expect(one).not.toBe(other);
      expect(parseImportedHash(one)).toMatchObject({ kind: 'accepted' });
      expect(await passwords.verifyForNobody(vectorPassword, call, form)).toBe(false);
    }
  });
});

// The digests: `printf %s "$P" | md5sum`, `printf %s "seasalt$P" | sha1sum`, `printf %s "${P}seasalt" | sha256sum`.
describe('a digest of one round', () => {
  const weak = [
    { digest: 'md5', hex: '427397156871affde6476cb4ef430507' },
    { digest: 'sha1', hex: 'd569c43ab6f94980b408f495d92931ff491fa6f1', salt: 'seasalt', order: 'salt-first' },
    {
      digest: 'sha256',
      hex: '6553fe5eabc513bab78fbe66c65a449421b859768d6d859dd141320919af104e',
      salt: 'seasalt',
      order: 'salt-last',
    },
  ];
  const wrapped = async (input: unknown) => {
    const verdict = parseWeakDigest(input);
    if (verdict.kind === 'refused') throw new Error(verdict.reason);
    return wrap(verdict.digest, 'alice@example.com', { memoryKib: 1024, timeCost: 2 });
  };

  it.each(weak)('is stored wrapped in argon2id, and opens: $digest', async (input) => {
    const hash = await wrapped({ ...input, hex: input.hex.toUpperCase() });
    expect(hash).toMatch(/^\$wrapped\$d=[^$]*\$argon2id\$v=19\$m=1024,t=2,p=1\$/);
    expect(hash).not.toContain(input.hex);
    expect(parseImportedHash(hash)).toMatchObject({ kind: 'accepted', hash });
    expect(formName(hash)).toBe('wrapped m=1024,t=2,p=1');
    expect(await opens(hash, vectorPassword)).toBe(true);
    // Whoever has a copy of the old table still has to guess the password.
    for (const wrong of [input.hex, `seasalt${vectorPassword}`, 'another'])
      expect(await opens(hash, wrong)).toBe(false);
    for (const each of damaged(hash)) expect(await opens(each, vectorPassword), each).toBe(false);
    if (input.salt) expect(await opens(hash.replace('s=c2Vhc2FsdA', 's=c2Vhc2FsdB'), vectorPassword)).toBe(false);
  });

  it.each(weak)('is never verified bare: $digest', async ({ hex }) => {
    expect(await opens(hex, vectorPassword)).toBe(false);
    expect(parseImportedHash(hex)).toMatchObject({ kind: 'refused' });
  });

  const hex = '0'.repeat(32);
  it.each([
    ['is not an object', null],
    ['is not an object', [hex]],
    ['a key other than', { digest: 'md5', hex, rounds: 2 }],
    ['is none of "md5"', { digest: 'md4', hex }],
    ['is none of "md5"', { digest: 'constructor', hex }],
    ['32 hexadecimal digits', { digest: 'md5', hex: hex.slice(1) }],
    ['40 hexadecimal digits', { digest: 'sha1', hex }],
    ['64 hexadecimal digits', { digest: 'sha256', hex: 'g'.repeat(64) }],
    ['32 hexadecimal digits', { digest: 'md5', hex: 7 }],
    ['text of up to 128 bytes', { digest: 'md5', hex, salt: 7, order: 'salt-first' }],
    ['text of up to 128 bytes', { digest: 'md5', hex, salt: 'ü'.repeat(65), order: 'salt-first' }],
    ['text of up to 128 bytes', { digest: 'md5', hex, salt: '\ud800', order: 'salt-first' }],
    ['none of "salt-first"', { digest: 'md5', hex, salt: 'x' }],
    ['none of "salt-first"', { digest: 'md5', hex, salt: 'x', order: 'between' }],
    ['order needs a salt', { digest: 'md5', hex, order: 'salt-first' }],
  ])('is refused by its shape: %s', (reason, value) => {
    expect(parseWeakDigest(value)).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) });
  });
});
