import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksRandom } from '../../../src/settings/secrets/strength.js';
import { ed25519, faultsOf, pem, production, settingsWith } from '../environments.js';

const [one, other] = [production.SECRET, 'Zq3mW8vN1xK6tR0yP5sB2hJ7gD4fL9cA'];
const secretsOf = (SECRET: string) => settingsWith({ SECRET }).secrets;

describe('SECRET', () => {
  it('is one value, or several separated by commas', () => {
    expect(secretsOf(one)).toEqual([one]);
    expect(secretsOf(`${other},${one}`)).toEqual([other, one]);
    expect(secretsOf(` ${other} , ${one} `)).toEqual([other, one]);
    const odd = 'an old, and odd one: 7Vn2xQ9pLw4Rz8TbY6mHc3';
    expect(secretsOf(JSON.stringify([odd]))).toEqual([odd]);
    expect(secretsOf(JSON.stringify([other, odd]))).toEqual([other, odd]);
  });

  it.each([
    ['an old value with a comma in it', `${one.slice(0, 16)},${one.slice(16)}`],
    ['an old value with a comma and other signs', `${one}!,${other}`],
    ['a comma at its end', `${one},`],
    ['a comma at its start', `,${one}`],
    ['two commas', `${one},,${other}`],
    ['one value twice', `${one},${one}`],
    ['a weak second value', `${one},secretsecretsecretsecretsecretsecret`],
    ['a short second value', `${one},${other.slice(1)}`],
    ['an empty JSON array', '[]'],
    ['a JSON array of other things', '[1,2]'],
    ['half a JSON array', `["${one}"`],
    ['a weak value in a JSON array', '["secretsecretsecretsecretsecretsecret"]'],
  ])('is refused with the remedy, and never shown: %s', (_what, SECRET) => {
    const fault = faultsOf({ SECRET }).SECRET ?? '';
    expect(fault).toMatch(/^allowed: .*separated by commas.*JSON array: \["value"\] or \["new","old"\]$/);
    expect(fault).not.toContain(one.slice(0, 12));
  });
});

/** Bytes that look random but are the same in every run. */
const digest = (seed: number) => createHash('sha512').update(`seed ${seed}`).digest();

describe('a value looks random', () => {
  it('where a generator wrote it, whatever the alphabet', () => {
    for (let seed = 0; seed < 3_000; seed++) {
      const bytes = digest(seed);
      for (const text of [
        bytes.toString('hex').slice(0, 32),
        bytes.toString('hex').slice(0, 64),
        bytes.toString('hex').slice(0, 64).toUpperCase(),
        bytes.subarray(0, 32).toString('base64'),
        bytes.subarray(0, 32).toString('base64url'),
        bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5'),
      ]) {
        expect(looksRandom(text), text).toBe(true);
      }
    }
  });

  const piece = fc.integer({ min: 0, max: 99_999 }).map((seed) => digest(seed).toString('base64url'));
  it('but not where a piece is said two or more times, whole or not, with little between', () => {
    fc.assert(
      fc.property(
        piece,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 2, max: 40 }),
        fc.string({ unit: fc.constantFrom(...'-_. /:'), maxLength: 1 }),
        (text, length, times, between) => {
          const said = Array.from({ length: times }, () => text.slice(0, length)).join(between);
          expect(looksRandom(said)).toBe(false);
          expect(looksRandom(said.slice(0, -Math.floor(length / 8)) || said)).toBe(false);
        },
      ),
    );
  });

  it.each([
    ['one character', 'a'.repeat(64)],
    ['seven characters', `${'abcdefg'.repeat(9)}gfedcbabdfaceg`],
    ['a word again and again, in two cases', 'SecretSecretsecretSECRETsecretSecret'],
    ['a word and a number that counts', 'latchkey-secret-1 latchkey-secret-2 latchkey-secret-3'],
    ['the alphabet twice', 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz'],
    ['a strong piece twice', one + one],
    ['a strong piece twice, with a dash', `${one}-${one}`],
    ['a strong piece and its capitals', one + one.toUpperCase()],
    ['a placeholder', 'please-change-me-to-32-random-bytes'],
  ])('not %s', (_what, text) => {
    expect(looksRandom(text)).toBe(false);
  });
});

describe('ACCESS_TOKEN_SIGNING_KEY', () => {
  const second = generateKeyPairSync('ed25519').privateKey;
  const secondPem = second.export({ format: 'pem', type: 'pkcs8' }).toString();
  const jwks = (...keys: (typeof second)[]) =>
    JSON.stringify({ keys: keys.map((key) => key.export({ format: 'jwk' })) });

  it.each([
    ['PEM blocks', secondPem + pem],
    ['PEM blocks with empty lines between', `\n${secondPem}\n\n\n${pem}\n`],
    ['PEM blocks in one line', (secondPem + pem).replaceAll('\n', '\\n')],
    ['PEM blocks with Windows line ends', (secondPem + pem).replaceAll('\n', '\r\n')],
    ['a JWK Set', jwks(second, ed25519)],
  ])('takes several as %s: the first signs', (_form, ACCESS_TOKEN_SIGNING_KEY) => {
    const keys = settingsWith({ ACCESS_TOKEN_SIGNING_KEY }).accounts.accessToken.signingKeys;
    expect(keys.map((key) => key.equals(second))).toEqual([true, false]);
    expect(keys[1]?.equals(ed25519)).toBe(true);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const publicPem = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString();
  it.each([
    ['one key twice', pem + pem],
    ['one key twice in a set', jwks(second, second)],
    ['a second key of another kind', pem + rsa.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a second key that is public', pem + publicPem],
    ['half a second block', pem + secondPem.slice(0, 80)],
    ['a block without its begin', pem + secondPem.slice(30)],
    ['an empty set', '{"keys":[]}'],
    ['a set that is none', '{"keys":{"0":1}}'],
    ['a set with something else in it', '{"keys":[null]}'],
  ])('refuses %s', (_what, ACCESS_TOKEN_SIGNING_KEY) => {
    const faults = faultsOf({ ACCESS_TOKEN_SIGNING_KEY });
    expect(Object.keys(faults)).toEqual(['ACCESS_TOKEN_SIGNING_KEY']);
    expect(faults.ACCESS_TOKEN_SIGNING_KEY).toMatch(/^allowed: an Ed25519 private key/);
  });
});
