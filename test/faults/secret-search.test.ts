import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SecretSearch } from '../support/secret-search.js';

const key = randomBytes(32).toString('base64url');
const bytes = Buffer.from(key, 'base64url');
const search = new SecretSearch();
search.addSecret(Buffer.from(key), 'a key');
search.addSecret(bytes, 'a key');
search.addMark('cAnaRyq7z', 'a password');

const within = (text: string | Buffer, before: string, after: string) =>
  Buffer.concat([Buffer.from(before), Buffer.from(text), Buffer.from(after)]);

describe('a search for secrets', () => {
  it.each([
    ['raw', `link=#key=${key}&x`, 'a key'],
    ['in JSON', JSON.stringify({ link: `https://example.com/#key=${key}` }), 'a key'],
    ['URL-encoded', encodeURIComponent(`https://example.com/#key=${key}`), 'a key'],
    ['in hex', `\\x${Buffer.from(key).toString('hex')}`, 'a key'],
    ['its bytes in hex', `\\x${bytes.toString('hex')}`, 'a key'],
    ['its bytes in capital hex', bytes.toString('hex').toUpperCase(), 'a key'],
    ['a password in JSON', JSON.stringify({ password: 'cAnaRyq7z a "1" b' }), 'a password'],
    ['a password in hex', Buffer.from('x cAnaRyq7z y').toString('hex'), 'a password'],
  ])('finds a key or password %s', (_name, text, what) => {
    expect(search.open()(within(text, 'before ', ' after'))).toEqual([what]);
  });

  for (const form of ['base64', 'base64url'] as const) {
    it.each([0, 1, 2, 3, 4, 5])(`finds them in ${form} behind %i other bytes`, (shift) => {
      const other = 'z'.repeat(shift);
      const encoded = (secret: Buffer | string) => within(secret, other, 'after').toString(form);
      expect(search.open()(Buffer.from(encoded(key)))).toEqual(['a key']);
      expect(search.open()(Buffer.from(encoded(bytes)))).toEqual(['a key']);
      expect(search.open()(Buffer.from(encoded('cAnaRyq7z')))).toEqual(['a password']);
    });
  }

  it('finds what two chunks share', () => {
    const see = search.open();
    expect(see(Buffer.from(`before ${key.slice(0, 10)}`))).toEqual([]);
    expect(see(Buffer.from(key.slice(10)))).toEqual(['a key']);
  });

  it('finds nothing where there is nothing', () => {
    const digest = randomBytes(2_000);
    for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const) {
      expect(search.open()(Buffer.from(digest.toString(form)))).toEqual([]);
    }
  });
});
