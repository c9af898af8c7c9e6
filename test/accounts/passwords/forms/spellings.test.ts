import bcryptPackage from 'bcrypt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeBetterAuth } from '../../../../src/accounts/passwords/forms/scrypt.js';
import { HashLimiter } from '../../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../../src/accounts/passwords/password-hash.js';

const limiter = new HashLimiter({ hashConcurrency: 2, hashQueue: 100 });
const settings = { memoryKib: 19456, timeCost: 2 };
const call = { urgency: 'other' } as const;
const [composed, decomposed] = ['caf\u00e9 \u00fcber alles 12', 'cafe\u0301 u\u0308ber alles 12'];

/** Counts verifications of bcrypt. */
const compare = vi.spyOn(bcryptPackage, 'compare');
afterEach(() => compare.mockClear());

describe('a foreign hash', () => {
  const passwords = new PasswordHash(settings, limiter);

  it.each([
    ['composed', composed],
    ['decomposed', decomposed],
  ])('that was made of %s characters opens, whichever are typed', async (_name, made) => {
    const hash = await bcryptPackage.hash(made, 4);
    for (const typed of [composed, decomposed]) expect(await passwords.verify(hash, typed, call)).toBe(true);
    expect(await passwords.verify(hash, composed.replace('12', '13'), call)).toBe(false);
    expect(await passwords.replace(hash, composed, { urgency: 'reset' })).toEqual({ kind: 'SameAsBefore' });
  });

  // The first to fit must not end it: over a silent limit a right password is refused like a wrong one.
  it('costs the same right or wrong, with an account or without: two verifications where there are two spellings', async () => {
    const hash = await bcryptPackage.hash(composed, 4);
    const calls = async (verify: () => Promise<boolean>) => {
      compare.mockClear();
      await verify();
      return compare.mock.calls.length;
    };
    for (const typed of [composed, decomposed, 'etwas Fal\u015fche\u0161']) {
      expect(await calls(() => passwords.verify(hash, typed, call))).toBe(2);
      expect(await calls(() => passwords.verifyForNobody(typed, call, 'bcrypt 04'))).toBe(2);
    }
    expect(await calls(() => passwords.verify(hash, 'plain letters only', call))).toBe(1);
    expect(await calls(() => passwords.verifyForNobody('plain letters only', call, 'bcrypt 04'))).toBe(1);
  });

  it('of Better Auth opens by letters that are the same to it (NFKC)', async () => {
    const hash = await makeBetterAuth('sixteen \uff11\uff12 letters');
    expect(await passwords.verify(hash, 'sixteen 12 letters', call)).toBe(true);
  });
});

it('beside an app, whose hashes look like ours, both spellings are tried of every form', async () => {
  const written = { format: 'bcrypt', cost: 4, prefix: '$2b$' } as const;
  const made = await bcryptPackage.hash(decomposed, 4);
  const beside = new PasswordHash(settings, limiter, undefined, written, { app: true });
  expect(await beside.verify(made, composed, call)).toBe(true);
  const alone = new PasswordHash(settings, limiter, undefined, written);
  expect(await alone.verify(made, composed, call)).toBe(false);
});
