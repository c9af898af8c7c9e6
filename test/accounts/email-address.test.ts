import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEmailAddress } from '../../src/accounts/email-address.js';

describe('an e-mail address', () => {
  it.each([
    ['alice@example.com', 'alice@example.com'],
    ['  Alice@EXAMPLE.Com ', 'alice@example.com'],
    ['a.b+tag@sub.example.co.uk', 'a.b+tag@sub.example.co.uk'],
    [`o'hara#$&*/?=^_{|}~-@example.com`, `o'hara#$&*/?=^_{|}~-@example.com`],
    ['bounce+alice=example.org@example.com', 'bounce+alice=example.org@example.com'],
    ['user@müller.example', 'user@xn--mller-kva.example'],
    ['user@MÜLLER.example', 'user@xn--mller-kva.example'],
    ['user@xn--mller-kva.example', 'user@xn--mller-kva.example'],
    ['user@example。com', 'user@example.com'],
    ['1@2.example', '1@2.example'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('is read: %j', (text, address) => {
    expect(parseEmailAddress(text)).toBe(address);
  });

  it.each([
    '',
    ' ',
    '@',
    'a@',
    '@example.com',
    'alice',
    'alice@localhost',
    'alice@example.com.',
    'alice@.example.com',
    'alice@exa..mple.com',
    '.alice@example.com',
    'alice.@example.com',
    'al..ice@example.com',
    'alice@-example.com',
    'alice@example-.com',
    'alice@127.0.0.1',
    'alice@[127.0.0.1]',
    'alice@[IPv6:::1]',
    'alice@0x7f.1',
    'alice@2130706433',
    'alice@127.1',
    'alice@１２７.0.0.1',
    'alice@ex%61mple.com',
    'alice@example.com%00',
    'alice@example.com:25',
    'alice@example.com/x',
    'alice@example.com?x',
    'alice@example.com#x',
    'alice@user@example.com',
    'alice@example.com\\x',
    'a b@example.com',
    'alice @example.com',
    'alice@ example.com',
    '"alice"@example.com',
    'alice(comment)@example.com',
    'Alice <alice@example.com>',
    'alice@example.com,bob@example.com',
    'alice@example.com;bob@example.com',
    'alice@example.com\n',
    '\talice@example.com',
    'alice@example.com\r\nBcc: bob@example.com',
    'alice\u0000@example.com',
    'alice@example\u0000.com',
    'alïce@example.com',
    'mıke@example.org',
    'mi\u212ae@example.org',
    '\ud800@example.com',
    'alice@\ud800.com',
    'alice@exam_ple.com',
    'alice@xn--.com',
    'alice@xn--a.com',
    'alice@XN--ZN7C.com',
    'alice@xn--a-ecp.example',
    'alice@xn---00k.example',
    'alice@xn--a.xn--mller-kva.example',
    'alice@xn--mller-kva.xn--zn7c',
    'alice@xn--99999999.com',
    'alice@müller-.example',
    'alice@-müller.example',
    'alice@xn--mller--3ya.example',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.com`,
    `a@${'b.'.repeat(130)}com`,
    `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example.com`,
    'a'.repeat(1_000_000),
    '\u00a0alice@example.com',
    'alice@example.com\u200b',
    'alice@exam\u200bple.com\u200b@x',
    'mailto:alice@example.com',
    'alice%evil.example@relay.example',
    'alice%25@example.com',
    'evil.example!alice@relay.example',
    '=?x?q?a=40evil=3e?=@known.example',
    '=?UTF-8?B?YUBldmlsPg==?=@known.example',
    'a=?utf-8?q?b?=c@known.example',
    'a.=?utf-8?q?b@known.example',
  ])('is refused: %j', (text) => {
    expect(parseEmailAddress(text)).toBeUndefined();
  });

  const label = fc
    .stringMatching(/^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,10}[a-zA-Z0-9])?$/)
    .filter((text) => !/^xn--|^..--/i.test(text));
  const atom = fc.stringMatching(/^[a-zA-Z0-9#$&'*+/=?^_`{|}~-]{1,12}$/).filter((text) => !text.includes('=?'));
  const domain = fc.tuple(label, fc.stringMatching(/^[a-zA-Z]{2,8}$/)).map((labels) => labels.join('.'));
  const written = fc
    .tuple(fc.array(atom, { minLength: 1, maxLength: 3 }), domain)
    .map(([atoms, host]) => `${atoms.join('.')}@${host}`);

  it('has one spelling, whatever the case and the spaces around it', () => {
    fc.assert(
      fc.property(written, fc.nat(3), fc.nat(3), (address, before, after) => {
        const parsed = parseEmailAddress(address);
        expect(parsed).toBe(address.toLowerCase());
        expect(parseEmailAddress(address.toUpperCase())).toBe(parsed);
        expect(parseEmailAddress(`${' '.repeat(before)}${address}${' '.repeat(after)}`)).toBe(parsed);
        expect(parseEmailAddress(parsed ?? '')).toBe(parsed);
      }),
    );
  });

  it('is, whatever was given, either refused or plain ASCII that reads back as itself', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })).map(([a, b]) => `${a}@${b}.com`),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const parsed = parseEmailAddress(text);
        if (parsed === undefined) return;
        expect(parsed).toMatch(/^[#-~]{1,64}@[a-z0-9.-]{3,253}$/);
        expect(parsed).not.toMatch(/[%!]|=\?/);
        expect(parsed.length).toBeLessThanOrEqual(254);
        expect(parseEmailAddress(parsed)).toBe(parsed);
      }),
      { numRuns: 2_000 },
    );
  });
});
