import bcrypt from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { foreignLanes, PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import type { WrittenForm } from '../../../src/settings/accounts/shape.js';

const call = { urgency: 'other' } as const;
const password = 'quiet harbour lantern 42';
const django: WrittenForm = { format: 'pbkdf2_sha256', iterations: 100_000 };
const betterAuth: WrittenForm = { format: 'better-auth-scrypt' };

function writing(written: WrittenForm, hashQueue = 8) {
  const [own, lanes] = [new HashLimiter({ hashConcurrency: 1, hashQueue }), foreignLanes(8)];
  const hashes = new PasswordHash({ memoryKib: 19456, timeCost: 2 }, own, lanes, written, { app: true });
  return { hashes, own, lanes };
}

describe('a hash that is written for an app', () => {
  it.each([
    [django, /^pbkdf2_sha256\$100000\$[A-Za-z0-9]{22}\$[A-Za-z0-9+/]{43}=$/, 'pbkdf2-sha256 100000'],
    [betterAuth, /^[0-9a-f]{32}:[0-9a-f]{128}$/, 'scrypt ln=14,r=16,p=1'],
  ])('is of its form, salted anew, and opens with its password alone: $format', async (written, shape, form) => {
    const { hashes, lanes, own } = writing(written);
    const [one, other] = [await hashes.make(password, call), await hashes.make(password, call)];
    expect(one).toMatch(shape);
    expect(other).toMatch(shape);
    expect(one).not.toBe(other);
    expect(hashes.ownForm).toBe(form);
    const verifying = hashes.verify(one, password, call);
    // What we write ourselves is verified in the lane of our own.
    expect([own.running, lanes.foreign.running]).toEqual([1, 0]);
    expect(await verifying).toBe(true);
    expect(await hashes.verify(one, `${password}.`, call)).toBe(false);
    expect(await hashes.verifyForNobody(password, call)).toBe(false);
    expect(await hashes.replace(one, password, call)).toEqual({ kind: 'SameAsBefore' });
    expect(await hashes.replace(one, 'another one', call)).toMatchObject({
      kind: 'Made',
      hash: expect.stringMatching(shape),
    });
  });

  it('is made of the composed spelling, also of more than 72 bytes', async () => {
    for (const written of [django, betterAuth]) {
      const { hashes } = writing(written);
      const hash = await hashes.make('u\u0308'.repeat(60), call);
      expect(await hashes.verify(hash, 'ü'.repeat(60), call)).toBe(true);
      expect(await hashes.verify(hash, 'ü'.repeat(59), call)).toBe(false);
    }
  });

  it('is renewed only where it has fewer iterations of the same form, never into another', () => {
    const salted = (iterations: number) => `pbkdf2_sha256$${iterations}$salt$${Buffer.alloc(32).toString('base64')}`;
    const scrypt = `${'0f'.repeat(16)}:${'0f'.repeat(64)}`;
    const theirs = bcrypt.hashSync(password, 4);
    const { hashes } = writing(django);
    expect(hashes.isOutdated(salted(99_999), password)).toBe(true);
    for (const each of [salted(100_000), salted(870_000), scrypt, theirs, 'nobody reads this', null]) {
      expect(hashes.isOutdated(each, password), String(each)).toBe(false);
    }
    for (const each of [salted(1_000), scrypt, theirs]) {
      expect(writing(betterAuth).hashes.isOutdated(each, password), each).toBe(false);
    }
  });
});
