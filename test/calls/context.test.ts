import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bearerToken } from '../../src/calls/context.js';

it.each([
  ['Bearer abc.def-_~+/==', 'abc.def-_~+/=='],
  ['bearer abc', 'abc'],
  ['BEARER   abc', 'abc'],
])('reads %j', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});

it.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'abc',
  'Basic abc',
  'Bearerabc',
  'Bearer\tabc',
  ' Bearer abc',
  'Bearer abc ',
  'Bearer abc def',
  'Bearer abc, Bearer def',
  'Bearer abc,def',
  'Bearer abc\r\nX: y',
  'Bearer =abc',
  'Bearer "abc"',
  'Bearer äbc',
  `Bearer ${'a'.repeat(4_097)}`,
])('reads nothing from %j', (header) => {
  expect(bearerToken(header)).toBeUndefined();
});

it('reads a token back as it was sent, and nothing else', () => {
  fc.assert(fc.property(fc.base64String({ minLength: 4 }), (token) => bearerToken(`Bearer ${token}`) === token));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const token = bearerToken(text);
      expect(token === undefined || text.toLowerCase().startsWith('bearer ')).toBe(true);
    }),
  );
});

it('reads a header of 16 KB at little cost', () => {
  const start = performance.now();
  bearerToken(`Bearer ${'a='.repeat(8_000)}`);
  bearerToken(`Bearer ${' '.repeat(16_000)}!`);
  bearerToken(`Bearer ${'='.repeat(16_000)}!`);
  expect(performance.now() - start).toBeLessThan(1_000);
});
