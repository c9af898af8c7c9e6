import { describe, expect, it } from 'vitest';
import { formOf, parseImportedHash } from '../../../../src/accounts/passwords/forms/imported-hash.js';
import { dummyOf, formName } from '../../../../src/accounts/passwords/forms/names.js';
import { HashLimiter } from '../../../../src/accounts/passwords/hashing/hash-limiter.js';
import { foreignLanes, PasswordHash } from '../../../../src/accounts/passwords/password-hash.js';
import { Unavailable } from '../../../../src/calls/errors.js';

const settings = { memoryKib: 19456, timeCost: 2 };
const call = { urgency: 'other' } as const;

/** The dearest of each form that is taken as it is, that is taken with `--allow-expensive`, and that is never verified. */
const bounds = [
  ['argon2i m=262144,t=2,p=1', 'argon2i m=1048576,t=20,p=1', 'argon2i m=1048577,t=1,p=1'],
  ['argon2d m=8192,t=64,p=1', 'argon2d m=262145,t=1,p=1', 'argon2d m=1048576,t=21,p=1'],
  ['wrapped m=262144,t=2,p=1', 'wrapped m=262144,t=3,p=1', 'wrapped m=1048577,t=1,p=1'],
  ['bcrypt 14', 'bcrypt 15', 'bcrypt 17'],
  ['scrypt ln=18,r=8,p=8', 'scrypt ln=20,r=8,p=16', 'scrypt ln=21,r=8,p=1'],
  ['scrypt ln=15,r=64,p=1', 'scrypt ln=10,r=8,p=9', 'scrypt ln=10,r=8,p=17'],
  ['pbkdf2-sha1 2000000', 'pbkdf2-sha1 2000001', 'pbkdf2-sha1 20000001'],
  ['pbkdf2-sha256 2000000', 'pbkdf2-sha256 20000000', 'pbkdf2-sha256 999999999'],
  ['pbkdf2-sha512 2000000', 'pbkdf2-sha512 2000001', 'pbkdf2-sha512 20000001'],
  ['sha256-crypt 1000000,16', 'sha256-crypt 1000001,16', 'sha256-crypt 5000001,16'],
  ['sha512-crypt 1000000,8', 'sha512-crypt 5000000,8', 'sha512-crypt 999999999,8'],
  ['phpass 18', 'phpass 19', 'phpass 23'],
];

describe('a hash', () => {
  it.each(bounds)(
    'costs a sign-in what it usually may, what an operator allows, or too much: %s',
    (usual, allowed, never) => {
      const [cheap, dear, deadly] = [usual, allowed, never].map(dummyOf) as [string, string, string];
      expect(parseImportedHash(cheap)).toMatchObject({ kind: 'accepted' });
      expect(parseImportedHash(dear)).toMatchObject({
        reason: expect.stringContaining('(--allow-expensive takes it)'),
      });
      expect(parseImportedHash(dear, { allowExpensive: true })).toMatchObject({ kind: 'accepted' });
      for (const options of [{}, { allowExpensive: true }]) {
        expect(parseImportedHash(deadly, options)).toMatchObject({ reason: expect.stringMatching(/ is over [0-9]+/) });
      }
      expect([formOf(cheap), formOf(dear), formOf(deadly)].map((form) => form !== undefined)).toEqual([
        true,
        true,
        false,
      ]);
      expect([formName(cheap), formName(dear)]).toEqual([usual, allowed]);
    },
  );

  it('of Keycloak counts the rounds of both its blocks', () => {
    const digest = Buffer.alloc(64).toString('base64').replace(/=+$/, '');
    const hash = (rounds: number) => `$pbkdf2-sha256$i=${rounds},l=64$c2FsdHNhbHRzYWx0$${digest}`;
    expect(parseImportedHash(hash(1_000_000))).toMatchObject({ kind: 'accepted', form: { rounds: 2_000_000 } });
    expect(parseImportedHash(hash(1_000_001))).toMatchObject({ kind: 'refused' });
  });

  // Read as text only: each of these would otherwise take the machine, or a second of it.
  const salt = 'c2FsdHNhbHRzYWx0';
  const digest = 'A'.repeat(43);
  it.each([
    ['4 GiB', `$argon2id$v=19$m=4194304,t=1,p=1$${salt}$${digest}`],
    ['scrypt of 4 GiB', `$scrypt$ln=22,r=8,p=1$${salt}$${digest}`],
    ['scrypt of blocks that are large', `$scrypt$ln=1,r=99,p=8$${salt}$${digest}`],
    ['scrypt beyond its block size', `$scrypt$ln=16,r=1,p=1$${salt}$${digest}`],
    ['scrypt of no power of two', `scrypt:1023:8:1$${salt}$${'0'.repeat(128)}`],
    ['scrypt with a number of a thousand digits', `scrypt:${'9'.repeat(400)}:8:1$${salt}$${'0'.repeat(128)}`],
    ['a million rounds too many', dummyOf('pbkdf2-sha256 21000000')],
    ['4,294,967,295 rounds', `AQAAAAH/////${Buffer.alloc(52, 16).toString('base64')}`],
    ['no rounds', `AQAAAAEAAAAA${Buffer.from([0, 0, 0, 16, ...Buffer.alloc(48)]).toString('base64')}`],
    ['SHA-crypt of 999,999,999 rounds', dummyOf('sha512-crypt 999999999,16')],
    ['SHA-crypt of too few rounds', dummyOf('sha512-crypt 999,16')],
    ['phpass of two to the 30th', dummyOf('phpass 30')],
    ['bcrypt 2x', dummyOf('bcrypt 10').replace('$2b$', '$2x$')],
    ['bcrypt 2x of Django', `bcrypt$${dummyOf('bcrypt 10').replace('$2b$', '$2x$')}`],
    ['a NUL', `${dummyOf('phpass 13').slice(0, -1)}\0`],
    ['a NUL in a salt', `pbkdf2_sha256$1000$sea\0salt$${digest}=`],
    ['10 MB in a salt', `pbkdf2_sha256$1000$${'s'.repeat(10_000_000)}$${digest}=`],
    ['10 MB of dollars', `$6$${'$'.repeat(10_000_000)}`],
    ['10 MB of hexadecimal digits', 'a'.repeat(10_000_000)],
    ['base64 of another alphabet', `$scrypt$ln=10,r=8,p=1$${salt}$${digest.slice(1)}-`],
    ['base64 with padding', `$scrypt$ln=10,r=8,p=1$${salt}$${digest}=`],
    ['base64 with bits too many', `$scrypt$ln=10,r=8,p=1$${salt}$${digest.slice(1)}B`],
    ['a salt that is none', `$pbkdf2-sha256$1000$.$${digest}`],
    ['a length that is not its own', `$pbkdf2-sha256$i=1000,l=31$${salt}$${digest}`],
    ['an unknown hash function', `pbkdf2:sha3_256:1000$${salt}$${'0'.repeat(64)}`],
    ['a name that every object has', `$pbkdf2-constructor$i=1000,l=32$${salt}$${digest}`],
    ['a scheme that every object has', '{SSHA}'],
    ['a digest without a salt', `{SSHA}${Buffer.alloc(20).toString('base64')}`],
    ['a wrap around nothing', '$wrapped$d=md5'],
    ['a wrap of another digest', dummyOf('wrapped m=1024,t=2,p=1').replace('d=sha256', 'd=md4')],
    ['a wrap without an order', dummyOf('wrapped m=1024,t=2,p=1').replace('o=salt-first,', '')],
  ])('is refused by its text, which it does not repeat: %s', (_name, text) => {
    const verdict = parseImportedHash(text);
    expect(verdict.kind).toBe('refused');
    if (verdict.kind === 'refused') {
      expect(verdict.reason).toMatch(/^[ -~]{10,120}$/);
      for (const part of [salt, digest, 'sss', '$$']) expect(verdict.reason).not.toContain(part);
    }
    expect(formOf(text)).toBeUndefined();
  });
});

describe('the lane of a hash', () => {
  it.each([
    ['wrapped m=19456,t=2,p=1', 'ours'],
    ['wrapped m=65536,t=2,p=1', 'foreign'],
    ['argon2i m=4096,t=1,p=1', 'foreign'],
    ['scrypt ln=4,r=8,p=1', 'foreign'],
    ['pbkdf2-sha256 1', 'foreign'],
    ['sha512-crypt 5000,16', 'foreign'],
    ['phpass 7', 'foreign'],
    ['ssha 1', 'foreign'],
    ['scrypt ln=20,r=8,p=16', 'expensive'],
    ['pbkdf2-sha512 2000001', 'expensive'],
    ['sha256-crypt 1000001,16', 'expensive'],
    ['phpass 19', 'expensive'],
  ])('goes by its form: %s, %s', async (form, lane) => {
    const closed = { hashConcurrency: 0, hashQueue: 0 };
    const [own, lanes] = [new HashLimiter({ hashConcurrency: 1, hashQueue: 0 }), foreignLanes(1)];
    // Only this lane is closed, so that no hash is computed.
    const passwords = new PasswordHash(settings, lane === 'ours' ? new HashLimiter(closed) : own, {
      foreign: lane === 'foreign' ? new HashLimiter(closed) : lanes.foreign,
      expensive: lane === 'expensive' ? new HashLimiter(closed) : lanes.expensive,
    });
    await expect(passwords.verify(dummyOf(form), 'x', call)).rejects.toBeInstanceOf(Unavailable);
  });
});

describe('a hash that opened is renewed', () => {
  const passwords = new PasswordHash(settings, new HashLimiter({ hashConcurrency: 1, hashQueue: 1 }));
  const mark = (before: string, hash: string) => (hash.startsWith('$2') ? `${before}${hash}` : hash);
  it.each([
    ['argon2i m=19456,t=2,p=1', true],
    ['argon2d m=19456,t=3,p=1', false],
    ['wrapped m=19456,t=2,p=1', true],
    ['wrapped m=65536,t=2,p=1', false],
    ['scrypt ln=14,r=16,p=1', true],
    ['scrypt ln=17,r=8,p=1', false],
    ['pbkdf2-sha256 2000000', true],
    ['pbkdf2-sha256 2000001', false],
    ['sha512-crypt 656000,16', true],
    ['phpass 13', true],
    ['ssha 1', true],
    ['bcrypt 12', true],
  ])('where it is no stronger than ours, whatever the length of the password: %s', (form, expected) => {
    const hash = mark('bcrypt_sha256$', dummyOf(form));
    expect(passwords.isOutdated(hash, 'x'.repeat(100))).toBe(expected);
    expect(passwords.isOutdated(mark('$wp', hash.replace('bcrypt_sha256$', '')), 'x'.repeat(100))).toBe(expected);
  });

  it.each(['', 'bcrypt$', '{bcrypt}'])('of bcrypt only where that read the whole password: %s', (before) => {
    const hash = before + dummyOf('bcrypt 10');
    expect(passwords.isOutdated(hash, 'x'.repeat(71))).toBe(true);
    expect(passwords.isOutdated(hash, 'x'.repeat(72))).toBe(false);
  });
});
