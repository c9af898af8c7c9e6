import fc from 'fast-check';
import { expect, test } from 'vitest';
import { suggestionFor } from '../../src/password-reset/reset-page/address-feedback.js';

test.each([
  ['alice@gmial.com', 'alice@gmail.com'],
  ['alice@gmail.co', 'alice@gmail.com'],
  ['alice@gmaill.com', 'alice@gmail.com'],
  ['alice@gnail.com', 'alice@gmail.com'],
  [' alice@hotmial.com ', 'alice@hotmail.com'],
  ['Alice@YAHO.com', 'alice@yahoo.com'],
  ['a@b@gmial.com', 'a@b@gmail.com'],
])('for %j suggests %s', (typed, meant) => {
  expect(suggestionFor(typed)).toBe(meant);
});

test.each([
  'alice@gmail.com',
  'alice@GMAIL.com',
  'alice@ymail.com',
  'alice@email.com',
  'alice@gmx.de',
  'alice@mail.com',
  'alice@example.com',
  'alice@ggmial.com',
  'alice@',
  'gmial.com',
  '',
])('for %j suggests nothing', (typed) => {
  expect(suggestionFor(typed)).toBeUndefined();
});

test('suggests only what it would not correct again', () => {
  const domain = fc.mixedCase(fc.stringMatching(/^(?:[gynh]{0,2}(?:o?t?ma?i?ll?|aho{1,2})|.{0,3})\.co?m?$/));
  fc.assert(
    fc.property(fc.string(), domain, (name, typed) => {
      const meant = suggestionFor(`${name}@${typed}`);
      if (meant !== undefined) expect(suggestionFor(meant)).toBeUndefined();
    }),
  );
});
