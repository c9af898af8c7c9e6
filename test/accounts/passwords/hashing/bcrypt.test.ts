import { readdirSync } from 'node:fs';
import bcryptjs from 'bcryptjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formOf } from '../../../../src/accounts/passwords/forms/imported-hash.js';
import { opensBcrypt } from '../../../../src/accounts/passwords/hashing/bcrypt.js';

const as = (writing: string, hash: string) => hash.replace(/^\$2[aby]\$/, `$2${writing}$$`);

describe('a bcrypt hash', () => {
  // From the test suite of crypt_blowfish 1.3 (wrapper.c), the reference for these prefixes.
  it.each([
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
    ['$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a', 'U*U*U'],
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy', ''],
    [
      '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
      '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
    ],
  ])('%s is that of the reference, in each writing', async (hash, password) => {
    for (const writing of ['a', 'b', 'y']) {
      expect(await opensBcrypt(as(writing, hash), password)).toBe(true);
      expect(await opensBcrypt(as(writing, hash), `${password.slice(0, 60)}!`)).toBe(false);
    }
  });

  it('of the writing 2x is read by nobody', () => {
    const hash = bcryptjs.hashSync('a password', 4);
    expect(formOf(hash)).toEqual({ algorithm: 'bcrypt', cost: 4 });
    expect(formOf(as('x', hash))).toBeUndefined();
  });

  // `isOutdated` relies on this.
  it('counts up to its 72nd byte, and a NUL as any other', async () => {
    const full = bcryptjs.hashSync('a'.repeat(72), 4);
    expect(await opensBcrypt(full, `${'a'.repeat(72)}and more`)).toBe(true);
    expect(await opensBcrypt(full, 'a'.repeat(71))).toBe(false);
    const umlauts = bcryptjs.hashSync('ü'.repeat(36), 4);
    expect(await opensBcrypt(umlauts, 'ü'.repeat(40))).toBe(true);
    expect(await opensBcrypt(umlauts, 'ü'.repeat(35))).toBe(false);
    const withNul = bcryptjs.hashSync('before\0after', 4);
    expect(await opensBcrypt(withNul, 'before\0after')).toBe(true);
    expect(await opensBcrypt(withNul, 'before')).toBe(false);
    expect(await opensBcrypt(withNul, 'before\0other')).toBe(false);
  });

  it.each([71, 72, 73, 254, 255, 256, 257, 300, 600])('opens alike for %i bytes in each writing', async (length) => {
    const password = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(20).slice(0, length);
    const hash = bcryptjs.hashSync(password, 4);
    const wrong = `b${password.slice(1)}`;
    for (const writing of ['a', 'b', 'y']) {
      expect([writing, await opensBcrypt(as(writing, hash), password)]).toEqual([writing, true]);
      expect([writing, await opensBcrypt(as(writing, hash), wrong)]).toEqual([writing, false]);
      expect([writing, await opensBcrypt(as(writing, hash), password[0] ?? '')]).toEqual([writing, false]);
    }
  });

  it('opens with what bcryptjs opens it with, and with nothing else', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: fc.constantFrom('a', '\0', 'é', '😀'), maxLength: 300 }),
    );
    await fc.assert(
      fc.asyncProperty(text, text, fc.constantFrom('a', 'b', 'y'), async (made, tried, writing) => {
        const hash = as(writing, bcryptjs.hashSync(made, 4));
        expect(await opensBcrypt(hash, made)).toBe(true);
        expect(await opensBcrypt(hash, tried)).toBe(bcryptjs.compareSync(tried, hash));
      }),
      { numRuns: 60 },
    );
  });

  it('is verified while the event loop goes on', async () => {
    const hash = as('b', bcryptjs.hashSync('a password', 4)).replace('$04$', '$12$');
    let turns = 0;
    const turning = setInterval(() => turns++, 5);
    await opensBcrypt(hash, 'a password');
    clearInterval(turning);
    expect(turns).toBeGreaterThan(8);
  });

  it('needs no compiler where it is installed: the package brings what was built', () => {
    const built = (system: string) => readdirSync(`node_modules/bcrypt/prebuilds/${system}`);
    for (const system of ['linux-x64', 'linux-arm64']) {
      expect(built(system)).toEqual(expect.arrayContaining(['bcrypt.glibc.node', 'bcrypt.musl.node']));
    }
    for (const system of ['darwin-x64', 'darwin-arm64', 'win32-x64']) expect(built(system)).toEqual(['bcrypt.node']);
  });
});
