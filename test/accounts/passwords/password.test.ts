import { createHash } from 'node:crypto';
import argon2 from 'argon2';
import bcrypt from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { CommonPasswords } from '../../../src/accounts/passwords/common-passwords.js';
import { formOf } from '../../../src/accounts/passwords/forms/imported-hash.js';
import { dummyOf, formName, nameOfForm } from '../../../src/accounts/passwords/forms/names.js';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { inReferenceOrder } from '../../../src/accounts/passwords/hashing/make-hash.js';
import { foreignLanes, PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import { PasswordPolicy } from '../../../src/accounts/passwords/password-policy.js';
import { Unavailable } from '../../../src/calls/errors.js';
import { commonPasswordsFile } from '../../../src/package-files.js';

const never = () => {
  throw new Error('of no form');
};
const limiter = () => new HashLimiter({ hashConcurrency: 2, hashQueue: 100 });
const call = { urgency: 'other' } as const;
const settings = { memoryKib: 19456, timeCost: 2 };

describe('a password hash', () => {
  const passwords = new PasswordHash(settings, limiter());

  // Shows: R-50, NIST 3.1.1.2-23, NIST 3.1.1.2-26, NIST 3.1.1.2-27, NIST 3.1.1.2-28
  it('is argon2id with the parameters in the reference order', async () => {
    const hash = await passwords.make('correct horse battery', call);
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await argon2.verify(hash, 'correct horse battery')).toBe(true);
    expect(inReferenceOrder(hash)).toBe(hash);
  });

  // Shows, V-41, NIST 3.1.1.2-10
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

  // Shows: R-45, V-42, NIST 3.1.1.2-11
  it('opens on another device that composes characters differently (NFC), but not with look-alikes', async () => {
    const hash = await passwords.make('caf\u00e9 with \u00fcmlaut 12', call);
    expect(await passwords.verify(hash, 'cafe\u0301 with u\u0308mlaut 12', call)).toBe(true);
    expect(await passwords.verify(hash, 'caf\u00e9 with \u00fcmlaut \uff11\uff12', call)).toBe(false);
  });

  it('reads bcrypt hashes that were imported, and calls them outdated', async () => {
    const hash = bcrypt.hashSync('imported password', 4);
    expect(await passwords.verify(hash, 'imported password', call)).toBe(true);
    expect(await passwords.verify(hash, 'another password', call)).toBe(false);
    expect(passwords.isOutdated(hash, 'imported password')).toBe(true);
  });

  it.each([
    ['71 bytes', 'x'.repeat(71), true],
    ['72 bytes, which may be the beginning of more', 'x'.repeat(72), false],
    ['80 characters', 'x'.repeat(80), false],
    ['36 letters of two bytes', 'ü'.repeat(36), false],
    ['23 letters of two bytes', 'ü'.repeat(23), true],
    ['23 letters of two bytes, typed as three', 'u\u0308'.repeat(23), true],
    ['35 letters of two bytes, which may have been read as three', 'ü'.repeat(35), false],
    ['a NUL, which repeats the password', 'secret words\0secret words', false],
  ])('of bcrypt is renewed only where it read the whole password: %s', (_name, text, expected) => {
    expect(passwords.isOutdated(bcrypt.hashSync('whatever', 4), text)).toBe(expected);
  });

  it.each([
    ['m=19456,t=2,p=1', false],
    ['m=19456,t=1,p=1', true],
    ['m=12288,t=2,p=1', true],
    ['m=4096,t=1,p=4', true],
    ['m=65536,t=3,p=4', false],
    ['m=65536,t=4,p=1', false],
    ['m=65536,t=1,p=1', false],
    ['m=12288,t=3,p=1', false],
    ['m=19456,t=3,p=1', false],
  ])('of argon2id is renewed only where no parameter is stronger than ours: %s', (parameters, expected) => {
    const hash = `$argon2id$v=19$${parameters}$c2FsdHNhbHRzYWx0$QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY`;
    expect(passwords.isOutdated(hash, 'a password')).toBe(expected);
  });

  it('of a form that nobody reads opens with nothing, and is not renewed', async () => {
    const ours = await passwords.make('correct horse battery', call);
    for (const hash of ['', 'plain', ours.replace('argon2id', 'argon2'), ours.replace('v=19', 'v=16'), '$2x$10$x']) {
      expect(await passwords.verify(hash, 'correct horse battery', call)).toBe(false);
      expect(passwords.isOutdated(hash, 'correct horse battery')).toBe(false);
    }
  });

  it('replaces another one, of whatever form, but not by the same password', async () => {
    const [ours, theirs] = [await passwords.make('correct horse battery', call), bcrypt.hashSync('imported', 4)];
    expect(await passwords.replace(ours, 'correct horse battery', call)).toEqual({ kind: 'SameAsBefore' });
    expect(await passwords.replace(theirs, 'imported', call)).toEqual({ kind: 'SameAsBefore' });
    for (const current of [ours, theirs, null, undefined, 'nobody reads this']) {
      const made = await passwords.replace(current, 'a quite new password', call);
      if (made.kind !== 'Made') throw new Error(made.kind);
      expect(await passwords.verify(made.hash, 'a quite new password', call)).toBe(true);
    }
  });

  it('of a foreign form waits in a lane of its own, one at a time, and takes no place of ours', async () => {
    const lanes = foreignLanes(2);
    const ours = new HashLimiter({ hashConcurrency: 1, hashQueue: 0 });
    const narrow = new PasswordHash(settings, ours, lanes);
    const taken = Promise.withResolvers<void>();
    const busy = ours.run(call, () => taken.promise);
    const hash = bcrypt.hashSync('imported', 4);
    const answers = ['imported', 'wrong', 'imported', 'one too many'].map((text) => narrow.verify(hash, text, call));
    expect([lanes.foreign.running, lanes.foreign.waiting]).toEqual([1, 2]);
    expect(lanes.expensive.running).toBe(0);
    // A full lane still has room for a reset.
    const reset = narrow.replace(hash, 'imported', { urgency: 'reset' });
    expect(await Promise.allSettled([...answers, reset])).toMatchObject([
      { value: true },
      { value: false },
      { value: true },
      { reason: expect.any(Unavailable) },
      { value: { kind: 'SameAsBefore' } },
    ]);
    taken.resolve();
    await busy;
  });

  it.each([
    ['m=19456,t=2,p=1', 'ours'],
    ['m=8192,t=3,p=1', 'ours'],
    ['m=19456,t=3,p=1', 'foreign'],
    ['m=19456,t=2,p=2', 'foreign'],
    ['m=65536,t=4,p=1', 'foreign'],
    ['m=262144,t=2,p=1', 'foreign'],
    ['m=262144,t=3,p=1', 'expensive'],
    ['m=1048576,t=20,p=1', 'expensive'],
  ])('goes by its parameters: %s', async (parameters, lane) => {
    const full = () => new HashLimiter({ hashConcurrency: 0, hashQueue: 0 });
    const open = () => new HashLimiter({ hashConcurrency: 1, hashQueue: 0 });
    // Only this lane is closed, so that no hash is computed.
    const own = lane === 'ours' ? full() : open();
    const lanes = {
      foreign: lane === 'foreign' ? full() : open(),
      expensive: lane === 'expensive' ? full() : open(),
    };
    const hash = `$argon2id$v=19$${parameters}$c2FsdHNhbHRzYWx0$QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY`;
    const verifying = new PasswordHash(settings, own, lanes).verify(hash, 'x', call);
    await expect(verifying).rejects.toBeInstanceOf(Unavailable);
  });

  // Shows: R-55, NIST 3.1.1.2-24
  it('is outdated when it is weaker than the settings', async () => {
    const stronger = new PasswordHash({ memoryKib: 19456, timeCost: 3 }, limiter());
    const hash = await passwords.make('correct horse battery', call);
    expect(passwords.isOutdated(hash, 'correct horse battery')).toBe(false);
    expect(stronger.isOutdated(hash, 'correct horse battery')).toBe(true);
  });

  it.each(['argon2id m=19456,t=2,p=1', 'argon2id m=4096,t=3,p=4', 'bcrypt 05'])(
    'is verified for nobody, too, in any form, does its work and never opens: %s',
    async (form) => {
      expect(formName(dummyOf(form))).toBe(form);
      expect(nameOfForm(formOf(dummyOf(form)) ?? never())).toBe(form);
      expect(await passwords.verifyForNobody('anything at all', call, form)).toBe(false);
    },
  );

  it.each([
    ['argon2id m=19456,t=2,p=1', () => argon2.hash('somebody', { memoryCost: 19456, timeCost: 2, parallelism: 1 })],
    ['bcrypt 10', () => bcrypt.hash('somebody', 10)],
  ])('is hashed for nobody as for somebody, which the processor sees: %s', async (form, hashOf) => {
    const hash = await hashOf();
    /** Microseconds of processor time, all threads, the least of four runs: a busy machine only adds to it. */
    const cost = async (verify: () => Promise<boolean>) => {
      const costs: number[] = [];
      for (let round = 0; round < 4; round++) {
        const before = process.cpuUsage();
        expect(await verify()).toBe(false);
        costs.push(process.cpuUsage(before).user);
      }
      return Math.min(...costs);
    };
    const somebody = await cost(() => passwords.verify(hash, 'anything at all', call));
    const nobody = await cost(() => passwords.verifyForNobody('anything at all', call, form));
    // `npm run timing -- sign-in` shows that they are equal. Here a dummy that is not hashed would cost a thousandth.
    expect(nobody / somebody).toBeGreaterThan(0.3);
  });
});

describe('the password policy', () => {
  const common = CommonPasswords.read(commonPasswordsFile);
  const policy = new PasswordPolicy({ minLength: 15, maxLength: 128, productName: 'Acme Widgets' }, common);
  const verdict = (text: string) => {
    const result = policy.check(text);
    return result.kind === 'accepted' ? 'accepted' : result.violations[0];
  };

  /** A text of this many code points, none of which repeats soon. */
  const long = (length: number) =>
    Array.from({ length }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000))).join('');
  /** A text of this many vowels, each a letter and a combining diaeresis. */
  const umlauts = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const [byte = 0] = createHash('sha256').update(`${index}`).digest();
      return `${'aeiouAEIOU'.charAt(byte % 10)}\u0308`;
    }).join('');
  // Shows, V-41, ASVS 6.2.9, NIST 3.1.1.2-2, NIST 3.1.1.2-3, NIST 3.1.1.2-4
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

  // Shows: R-46, NIST 3.1.1.2-13
  it.each([
    'passwordpassword',
    'PasswordPassword',
    '111111111111111',
    '1qaz2wsx3edc4rfv',
    'qwertyuiop12345',
    '12345678987654321',
    'momsanaladventure',
    // One short text, repeated.
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

  // Shows: R-43, ASVS 6.2.5, NIST 3.1.1.1-3, NIST 3.1.1.2-5, NIST 3.1.1.2-14
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
  it('raises no false alarm among a hundred thousand passwords that look random', () => {
    const passwords = Array.from({ length: 100_000 }, (_, number) =>
      createHash('sha256').update(`${number}`).digest('base64url').slice(0, 16),
    );
    expect(passwords.filter((text) => common.has(text))).toEqual([]);
  });

  // Shows: R-46, ASVS 6.2.11, NIST 3.1.1.2-13
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
