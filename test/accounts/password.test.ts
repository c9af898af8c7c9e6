import { createHash } from 'node:crypto';
import argon2 from 'argon2';
import bcrypt from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { CommonPasswords } from '../../src/accounts/common-passwords.js';
import { HashLimiter } from '../../src/accounts/hash-limiter.js';
import { inReferenceOrder, PasswordHash } from '../../src/accounts/password-hash.js';
import { PasswordPolicy } from '../../src/accounts/password-policy.js';
import { commonPasswordsFile } from '../../src/resources.js';

const limiter = () => new HashLimiter({ hashConcurrency: 2, hashQueue: 100 });
const call = { urgency: 'other' } as const;
const settings = { memoryKib: 19456, timeCost: 2 };

describe('a password hash', () => {
  const passwords = new PasswordHash(settings, limiter());

  it('is argon2id with the parameters in the reference order', async () => {
    const hash = await passwords.make('correct horse battery', call);
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await argon2.verify(hash, 'correct horse battery')).toBe(true);
    expect(inReferenceOrder(hash)).toBe(hash);
  });

  it('opens with the whole password and nothing else: NUL, spaces, case and every character count', async () => {
    const hash = await passwords.make(' Pass\u0000word with ümlaut 😀 ', call);
    expect(await passwords.verify(hash, ' Pass\u0000word with ümlaut 😀 ', call)).toBe(true);
    for (const wrong of [
      ' Pass\u0000word with ümlaut 😀',
      ' Pass',
      ' pass\u0000word with ümlaut 😀 ',
      ' Pass\u0000word with umlaut 😀 ',
    ]) {
      expect(await passwords.verify(hash, wrong, call)).toBe(false);
    }
  });

  it('opens on another device that composes characters differently (NFC), but not with look-alikes', async () => {
    const hash = await passwords.make('caf\u00e9 with \u00fcmlaut 12', call);
    expect(await passwords.verify(hash, 'cafe\u0301 with u\u0308mlaut 12', call)).toBe(true);
    expect(await passwords.verify(hash, 'caf\u00e9 with \u00fcmlaut \uff11\uff12', call)).toBe(false);
  });

  it('reads bcrypt hashes that were imported, and calls them outdated', async () => {
    const hash = bcrypt.hashSync('imported password', 4);
    expect(await passwords.verify(hash, 'imported password', call)).toBe(true);
    expect(await passwords.verify(hash, 'another password', call)).toBe(false);
    expect(passwords.isOutdated(hash)).toBe(true);
  });

  it('is outdated when it is weaker than the settings, or of another kind', async () => {
    const stronger = new PasswordHash({ memoryKib: 19456, timeCost: 3 }, limiter());
    const hash = await passwords.make('correct horse battery', call);
    expect(passwords.isOutdated(hash)).toBe(false);
    expect(stronger.isOutdated(hash)).toBe(true);
    expect(passwords.isOutdated(hash.replace('argon2id', 'argon2i'))).toBe(true);
  });

  it('is verified for nobody, too, and never opens', async () => {
    expect(await passwords.verifyForNobody('anything at all', call)).toBe(false);
  });
});

describe('the password policy', () => {
  const common = CommonPasswords.read(commonPasswordsFile);
  const policy = new PasswordPolicy({ minLength: 15, maxLength: 128, productName: 'Acme Widgets' }, common);
  const verdict = (text: string) => {
    const result = policy.check(text);
    return result.kind === 'accepted' ? 'accepted' : result.violations[0];
  };

  /** So many code points, none of which repeats soon. */
  const long = (length: number) =>
    Array.from({ length }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000))).join('');
  /** So many vowels, each a letter and a combining diaeresis. */
  const umlauts = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const [byte = 0] = createHash('sha256').update(`${index}`).digest();
      return `${'aeiouAEIOU'.charAt(byte % 10)}\u0308`;
    }).join('');
  it.each([
    ['14 code points', 'a'.repeat(7) + 'b'.repeat(7), { rule: 'TOO_SHORT', limit: 15, actual: 14 }],
    ['15 code points', 'fifteen chars!!', 'accepted'],
    ['15 emoji, 30 UTF-16 units', '😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰', 'accepted'],
    ['14 emoji', '😀😁😂🤣😃😄😅😆😉😊😋😎😍😘', { rule: 'TOO_SHORT', limit: 15, actual: 14 }],
    ['128 code points', long(128), 'accepted'],
    ['129 code points', long(129), { rule: 'TOO_LONG', limit: 128, actual: 129 }],
    ['128 composed from 256', umlauts(128), 'accepted'],
    ['15 before composing, 14 after', `${'x y z q r s t'}u\u0308`, { rule: 'TOO_SHORT', limit: 15, actual: 14 }],
    ['outer spaces', '   leading and trailing   ', 'accepted'],
    ['NUL inside', 'null \u0000 character', 'accepted'],
    ['a lone surrogate', 'fifteen and more \udfff', { rule: 'NOT_WELL_FORMED' }],
    ['a megabyte', 'x'.repeat(1_000_000), { rule: 'TOO_LONG', limit: 128, actual: 1_000_000 }],
  ])('counts code points of the NFC form: %s', (_name, text, expected) => {
    expect(verdict(text)).toEqual(expected);
  });

  it.each([
    'passwordpassword',
    'PasswordPassword',
    '111111111111111',
    '1qaz2wsx3edc4rfv',
    'qwertyuiop12345',
    '12345678987654321',
    'momsanaladventure',
    // One short text, again and again.
    ' '.repeat(15),
    'x'.repeat(64),
    'dragondragondragon',
    'abcabcabcabcabcabc',
    'xq7xq7xq7xq7xq7xq7!',
    '🔑🚪🔑🚪🔑🚪🔑🚪🔑🚪🔑🚪🔑🚪🔑🚪',
    'aaaaaaaabbbbbbbb',
    // Rows of a keyboard.
    'qwertzuiopasdfghjkl',
    'Lkjhgfdsapoiuytrewq',
    'azertyuiopqsdfghjklm',
    'йцукенгшщзфывапролд',
    '1qaz2wsx3edc4rfv5tgb',
    'abcdefghijklmnopqrstuvwxyz',
    '1234567890-=qwertyuiop[]',
    // Common passwords, strung together.
    'password1iloveyou2',
    'Password1!Iloveyou2!',
    'iloveyou password sunshine',
    'dragonmonkeyqwerty',
    'letmein123456letmein7',
  ])('refuses what everybody tries: %s', (text) => {
    expect(verdict(text)).toEqual({ rule: 'TOO_COMMON' });
  });

  it.each([
    'correct horse battery',
    'passwordpassword but longer',
    'princess with a parrot',
    'dragon gravy monkey soup',
    'a1b2c3d4e5f6g7h8i9',
    'zebra umbrella kite',
  ])('does not take for common what is not: %s', (text) => {
    expect(verdict(text)).toBe('accepted');
  });

  // Not drawn at random: at one false alarm in 13 million, one run of a hundred would fail.
  it('knows no false alarm among a hundred thousand passwords that look random', () => {
    const passwords = Array.from({ length: 100_000 }, (_, number) =>
      createHash('sha256').update(`${number}`).digest('base64url').slice(0, 16),
    );
    expect(passwords.filter((text) => common.has(text))).toEqual([]);
  });

  it('takes the words of the address and the product out, and wants eight code points beside them', () => {
    const rules = (text: string, address?: string) => {
      const result = policy.check(text, address);
      return result.kind === 'accepted' ? [] : result.violations;
    };
    const account = { rule: 'CONTAINS_ACCOUNT_NAME', limit: 8 };
    const product = { rule: 'CONTAINS_PRODUCT_NAME', limit: 8 };
    const alice = 'alice.liddell@example.com';
    expect(rules('alice.liddell@example.com', alice)).toEqual([{ ...account, actual: 0 }]);
    expect(rules('Alice.Liddell@Example.com2026', alice)).toEqual([{ ...account, actual: 4 }]);
    expect(rules('liddell-alice-1', alice)).toEqual([{ ...account, actual: 3 }]);
    expect(rules('aliceexample123', alice)).toEqual([{ ...account, actual: 3 }]);
    expect(rules('acme widgets 12', alice)).toEqual([{ ...product, actual: 3 }]);
    expect(rules('alice at widgets', alice)).toEqual([
      { ...account, actual: 4 },
      { ...product, actual: 4 },
    ]);
    expect(rules('alice and a rabbit', alice)).toEqual([]);
    expect(rules('alice.liddell@example.com')).toEqual([]);
    expect(rules('the cat is at home', 'the@cat.at')).toEqual([]);
  });
});
