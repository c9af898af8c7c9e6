import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CommonPasswords } from '../../src/accounts/passwords/common-passwords.js';
import { PasswordPolicy } from '../../src/accounts/passwords/password-policy.js';
import { Catalogues } from '../../src/languages/catalogues.js';
import { templatesFolder } from '../../src/package-files.js';
import { feedbackOn, hintOn, sentenceOn, violationOf } from '../../src/password-reset/reset-page/password-feedback.js';
import { speak } from '../../src/password-reset/reset-page/wording.js';

speak(new Catalogues(templatesFolder).of('en'), 'en', 'ltr');
const policy = { minLength: 15, maxLength: 128, rules: [] };
/** An empty list of common passwords, so that the server has only the rules that the page knows, too. */
const noList = { has: () => false } as unknown as CommonPasswords;
const server = new PasswordPolicy({ minLength: 15, maxLength: 128, productName: '' }, noList);

describe('feedback on a password', () => {
  test('counts as the server does, for every text that can be typed', () => {
    const typed = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 140 }),
      fc.string({ unit: 'grapheme', maxLength: 140 }),
      // Letters followed by combining accents, which NFC composes.
      fc.string({ unit: fc.constantFrom('e\u0301', 'a\u0308', '\u1100\u1161', 'x'), maxLength: 140 }),
    );
    fc.assert(
      fc.property(typed, (password) => {
        const verdict = server.check(password);
        expect(violationOf(password, policy)).toEqual(
          verdict.kind === 'accepted' ? undefined : verdict.violations.at(0),
        );
      }),
    );
  });

  test('counts an emoji and a letter with its accent apart as one character each', () => {
    expect(feedbackOn('🔑'.repeat(14), policy)).toEqual({ kind: 'short', text: '1 character to go.' });
    expect(feedbackOn('🔑'.repeat(15), policy)).toEqual({ kind: 'enough', text: 'Long enough.' });
    expect(feedbackOn('e\u0301'.repeat(15), policy)).toEqual({ kind: 'enough', text: 'Long enough.' });
    expect(feedbackOn('e\u0301'.repeat(130), policy)).toEqual({ kind: 'over', text: '2 characters too many.' });
  });

  test('tells the numbers of every rule that has some', () => {
    expect(sentenceOn({ rule: 'TOO_SHORT', limit: 15, actual: 1 })).toContain('has 1 character and needs at least 15');
    expect(sentenceOn({ rule: 'TOO_LONG', limit: 128, actual: 129 })).toContain(
      '129 characters and may have at most 128',
    );
    expect(sentenceOn({ rule: 'CONTAINS_ACCOUNT_NAME', limit: 8, actual: 5 })).toContain(
      '5 characters and needs at least 8',
    );
    expect(sentenceOn({ rule: 'CONTAINS_PRODUCT_NAME', limit: 8, actual: 5 })).toContain(
      '5 characters and needs at least 8',
    );
  });

  test('asks for a length and for nothing else', () => {
    expect(hintOn(policy)).toContain('At least 15 characters');
    expect(hintOn(policy)).not.toMatch(/upper|digit|symbol|special|number/i);
    expect(hintOn(undefined)).not.toContain('At least');
  });
});
