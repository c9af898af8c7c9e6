import { domainToASCII } from 'node:url';
import fc from 'fast-check';

const of = (...texts: readonly string[]) => fc.constantFrom(...texts);
const joined = (...parts: readonly fc.Arbitrary<string>[]) => fc.tuple(...parts).map((each) => each.join(''));
const upTo = (part: fc.Arbitrary<string>, maxLength: number, minLength = 0) =>
  fc.array(part, { minLength, maxLength }).map((each) => each.join(''));

const letters = fc.stringMatching(/^[a-zA-Z0-9]{1,8}$/);
const atext = fc.stringMatching(/^[a-zA-Z0-9#$&'*+/=?^_`{|}~-]{1,10}$/);
/** Scripts whose letters look alike, join, run from right to left, or are mapped to others by UTS 46. */
const foreign = fc.oneof(
  fc.stringMatching(/^[äöüßéñçıİſKÅ]{1,4}$/u),
  fc.stringMatching(/^[абвгдежзс]{1,5}$/u),
  fc.stringMatching(/^[αβγδςσ]{1,4}$/u),
  fc.stringMatching(/^[אבגד]{1,4}$/u),
  fc.stringMatching(/^[ابتثی٠١۱]{1,5}$/u),
  fc.stringMatching(/^[कखगघ्ा]{1,4}$/u),
  fc.stringMatching(/^[例子中国テスト]{1,3}$/u),
  fc.stringMatching(/^[ａ-ｚＡ-Ｚ０-９－＿]{1,4}$/u),
  fc.stringMatching(/^[ªº²³¹µ¼¿×÷]{1,2}$/u),
  of('\u200c', '\u200d', '\u00ad', '\u200b', '\ufeff', '\u2060', '\u202e', '\u2066', '\u034f', '\ufe0f'),
  of('\u0301', '\u0308', '\u05bf', '\u0345', '\u1abf', '☃', '😀', '\u{1f3f4}', '\u{10400}', '\u{e0041}', '\u{f0000}'),
  of('\u037e', '\u1fef', '\u2260', '\u226e', '℀', '℅', '⁄', '⒈', '㋿', '㏂', '\u2024', '\u2011', '\u00a0', '\u3000'),
  of('㍿', 'ﬃ', '㋿', '㍿'.repeat(9), 'ü'.repeat(40), 'क'.repeat(20)),
  of('\ud800', '\udfff', '\ufffd', '\ufffe', '\u0378', '\ue000'),
);
const odd = of(
  ' ',
  '\t',
  '\r\n',
  '\r\n ',
  '\n',
  '\0',
  '\x7f',
  '\x85',
  '"',
  '\\',
  '(',
  ')',
  '<',
  '>',
  ',',
  ';',
  ':',
  '@',
  '.',
);
const anything = fc.string({ unit: 'binary', maxLength: 6 });

const folding = of(' ', '  ', '\t', '\r\n ', ' \r\n\t', '\r\n \r\n ');
const comment = joined(
  of('('),
  upTo(fc.oneof(letters, of('\\)', '()', '(a)', '\\\\', '@', '.'), folding, foreign), 3),
  of(')'),
);
const cfws = fc.oneof({ weight: 4, arbitrary: of('') }, folding, comment, joined(comment, folding));
const qcontent = fc.oneof(letters, of(' ', '@', '.', ',', '\\"', '\\\\', '\\ ', '\t', '\x01', '\\\0', '\x7f'), foreign);
const quoted = joined(of('"'), upTo(qcontent, 4), of('"'));
const encodedWord = joined(of('=?utf-8?', '=?x?', '=?'), of('q?', 'b?', ''), letters, of('?=', '='));
const dotAtom = fc.array(atext, { minLength: 1, maxLength: 4 }).map((atoms) => atoms.join('.'));

const localPart = fc.oneof(
  { weight: 8, arbitrary: dotAtom },
  { weight: 2, arbitrary: fc.array(letters, { minLength: 1, maxLength: 3 }).map((each) => each.join('.')) },
  { weight: 2, arbitrary: joined(cfws, fc.oneof(dotAtom, quoted), cfws) },
  fc.array(joined(cfws, fc.oneof(atext, quoted), cfws), { minLength: 1, maxLength: 3 }).map((words) => words.join('.')),
  joined(letters, fc.oneof(foreign, encodedWord, of('%', '!', '..', '.')), letters),
  upTo(fc.oneof(letters, odd, foreign), 4),
  fc.integer({ min: 60, max: 68 }).map((length) => 'a'.repeat(length)),
);

const asciiLabel = fc.oneof(
  { weight: 6, arbitrary: letters },
  fc.stringMatching(/^[a-z0-9-]{1,8}$/),
  fc.stringMatching(/^[a-z0-9_-]{1,6}$/),
  fc.integer({ min: 58, max: 66 }).map((length) => 'b'.repeat(length)),
);
const foreignLabel = upTo(fc.oneof({ weight: 2, arbitrary: letters }, { weight: 3, arbitrary: foreign }), 4, 1);
/** Labels that say they are encoded: rightly, of what may not be encoded, or with a letter more or less. */
const encodedLabel = fc.oneof(
  foreignLabel.map((label) => domainToASCII(label) || 'xn--a'),
  fc.tuple(foreignLabel, fc.nat(9)).map(([label, at]) => {
    const ascii = domainToASCII(label);
    return `${ascii.slice(0, 4 + at)}${ascii.slice(5 + at)}`;
  }),
  fc.stringMatching(/^[xX][nN]--[a-zA-Z0-9-]{0,8}$/),
  of(
    'xn--',
    'xn---',
    'xn--a',
    'xn--0',
    'xn--zn7c',
    'xn--a-0000',
    'XN--MLLER-KVA',
    'xn--xn---epa',
    'xn--1ug',
    'xn--99999999',
  ),
);
const label = fc.oneof(
  { weight: 8, arbitrary: asciiLabel },
  { weight: 6, arbitrary: foreignLabel },
  { weight: 3, arbitrary: encodedLabel },
);
const dot = fc.oneof({ weight: 12, arbitrary: of('.') }, of('\u3002', '\uff0e', '\uff61', '..', '.\u3002', ''));
const number = fc.oneof(fc.nat(260).map(String), of('0x7f', '010', '0x', '1e3', '00', '4294967295', '１２７'));
const literal = joined(
  of('['),
  fc.oneof(
    of('127.0.0.1', 'IPv6:::1', 'IPv6:1:2:3:4:5:6:7:8', '300.1.1.1', 'x:y', 'IPv6:::ffff:1.2.3.4', ''),
    letters,
    odd,
  ),
  of(']', '', '].example'),
);

const hostName = fc
  .tuple(label, fc.array(fc.tuple(dot, label), { minLength: 1, maxLength: 4 }))
  .map(([first, others]) => first + others.flat().join(''));
const domain = fc.oneof(
  { weight: 10, arbitrary: hostName },
  { weight: 4, arbitrary: joined(letters, of('.'), fc.oneof(letters, of('com', 'example', 'xn--p1ai'))) },
  joined(cfws, hostName, cfws),
  joined(hostName, of('.', '\u3002', '..', '-')),
  label,
  literal,
  fc.array(number, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.')),
  joined(letters, of('.'), number),
  joined(hostName, fc.oneof(odd, of('/x', '?x', '#x', ':25', '%41', '%00', '[x]', '^', '|', '`', '{'))),
  fc
    .tuple(fc.integer({ min: 60, max: 64 }), fc.integer({ min: 2, max: 5 }))
    .map(([length, labels]) => `${`${'c'.repeat(length)}.`.repeat(labels)}de`),
);

/** Mostly only one half is odd, so that the other does not hide what it does. */
const written = fc
  .oneof(
    { weight: 4, arbitrary: fc.tuple(letters, domain) },
    { weight: 3, arbitrary: fc.tuple(localPart, of('example.com', 'müller.example', 'xn--mller-kva.example')) },
    { weight: 2, arbitrary: fc.tuple(localPart, domain) },
  )
  .map(([local, host]) => `${local}@${host}`);
/** The text with one piece more or less, at a place of its own. */
const mutated = fc
  .tuple(written, fc.nat(40), fc.nat(2), fc.oneof(odd, foreign, anything))
  .map(([text, at, less, more]) => `${text.slice(0, at)}${more}${text.slice(at + less)}`);

/** Addresses over the productions of RFC 5321 and 5322 and over IDNA: right, nearly right and wrong. */
export const addressCases: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: written },
  { weight: 2, arbitrary: mutated },
  joined(of(' ', '  ', '\t', '\u00a0', '\ufeff', '\r\n'), written, of('', ' ', '   ', '\n', '\u3000')),
  anything,
  fc.tuple(written, written).map(([one, other]) => `${one}${other}`),
);
