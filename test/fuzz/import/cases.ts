import fc from 'fast-check';

/** A file for `latchkey account import`. */
export interface ImportCase {
  readonly lines: readonly ImportLine[];
  readonly encoding: 'utf8' | 'latin1' | 'utf16le';
  readonly mark: boolean;
  readonly end: '\n' | '\r\n' | '\r' | ' \n';
  readonly hasLastEnd: boolean;
  /** Bytes that a read gives. */
  readonly chunk: number;
  readonly allowExpensive: boolean;
}

export interface ImportLine {
  readonly text: string;
  /** Made after the rules: in UTF-8 it has to be taken. */
  readonly isSound: boolean;
}

const of = fc.constantFrom;
const base64 = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((each) => Buffer.from(each).toString('base64').replace(/=+$/, ''));
const bcryptText = (length: number) => base64(length).map((text) => text.replaceAll('+', '.').slice(0, length));

const soundArgon2 = fc
  .tuple(of('m=65536,t=3,p=4', 'p=1,m=19456,t=2', 't=2,m=8,p=1', 'm=262144,t=2,p=16'), base64(16), base64(32))
  .map(([parameters, salt, digest]) => `$argon2id$v=19$${parameters}$${salt}$${digest}`);
const soundBcrypt = fc
  .tuple(of('a', 'b', 'y'), of('04', '10', '12', '14'), bcryptText(22), bcryptText(30), of('.', 'C', 'O', 'u', '6'))
  .map(([letter, cost, salt, digest, last]) => `$2${letter}$${cost}$${salt}${digest}${last}`);
const soundHash = fc.oneof(soundArgon2, soundBcrypt);

const parameter = fc
  .tuple(
    of('m', 't', 'p', 'M', 'data', 'keyid', ''),
    of('=', '', '=='),
    of('1', '0', '04', '-1', '1e5', '65536', '9'.repeat(400), '٣', ''),
  )
  .map((each) => each.join(''));
const nearlyArgon2 = fc
  .tuple(
    of('argon2id', 'argon2i', 'argon2d', 'ARGON2ID', 'argon2id '),
    of('v=19', 'v=16', 'v=', '', 'v=19,v=16'),
    fc.oneof(
      of('m=65536,t=3,p=4', 'm=8,t=1,p=2', 'm=4294967296,t=1,p=1'),
      fc.array(parameter, { maxLength: 5 }).map((all) => all.join(',')),
    ),
    fc.oneof(base64(16), base64(7), base64(49), of('', 'c2FsdHNhbHQ=', 'a b', '\u0000'.repeat(16))),
    fc.oneof(base64(32), base64(15), base64(65), of('', '$', '====')),
  )
  .map((parts) => `$${parts.join('$')}`);
const nearlyBcrypt = fc
  .tuple(
    of('2a', '2b', '2x', '2y', '2', '2c', '2B'),
    of('12', '4', '004', '32', '99', '-1', '1e'),
    bcryptText(22),
    fc.oneof(bcryptText(31), bcryptText(30), bcryptText(32)),
  )
  .map(([name, cost, salt, digest]) => `$${name}$${cost}$${salt}${digest}`);
/** A hash with a piece more or less somewhere. */
const hurtHash = fc
  .tuple(
    soundHash,
    fc.nat(100),
    fc.nat(2),
    fc.oneof(of('', '\n', '\0', '$', '=', ' ', '\u200b', '\ud800', 'é'), fc.string({ maxLength: 3 })),
  )
  .map(([hash, at, less, more]) => `${hash.slice(0, at)}${more}${hash.slice(at + less)}`);
const otherHash = fc.oneof(
  fc
    .tuple(of('$1$', '$5$', '$6$', '$7$', '$scrypt$', '{SSHA}', 'pbkdf2_sha256$260000$', 'sha1:', ''), base64(24))
    .map((each) => each.join('')),
  fc.string({ unit: 'binary', maxLength: 80 }),
);
const hash = fc.oneof({ weight: 3, arbitrary: soundHash }, nearlyArgon2, nearlyBcrypt, hurtHash, otherHash);

const soundEmail = fc.stringMatching(/^[a-z]{1,12}(?:\.[a-z0-9]{1,5})?@[a-z]{1,8}\.(?:example|com)$/);
const email = fc.oneof(
  { weight: 3, arbitrary: soundEmail },
  of(
    '',
    'a@localhost',
    'A@B.example',
    ' a@b.example',
    'a@b.example\n',
    'a@müller.example',
    'a@xn--a.example',
    '"a"@b.example',
  ),
  hash,
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const odd = fc.oneof(
  of<unknown>(null, true, false, 0, -1, 1e308, '', [], {}, [[]], { $ne: null }, 'null', '__proto__'),
  fc.jsonValue({ maxDepth: 3 }),
  hash,
);
const id = fc.oneof(
  { weight: 2, arbitrary: fc.uuid() },
  fc.uuid().map((each) => each.toUpperCase()),
  fc.uuid().map((each) => `{${each}}`),
  odd,
);
const locale = fc.oneof(of<unknown>('en', 'de-DE', 'tlh', '', null, 'x'.repeat(300), 'de\u0000', '\udfff'), odd);
const key = of(
  'email',
  'hash',
  'id',
  'locale',
  'Email',
  'password',
  '__proto__',
  'constructor',
  'toString',
  ' id',
  'ha\u0073h',
  '$2b$12$x',
  '',
);

const soundLine = fc
  .record(
    { email: soundEmail, hash: fc.oneof(soundHash, of(null)), id: fc.uuid(), locale: of(null, 'en', 'tlh') },
    { requiredKeys: ['email', 'hash'] },
  )
  .map((fields) => ({ text: JSON.stringify(fields), isSound: true }));
const wild = (text: fc.Arbitrary<string>) => text.map((each) => ({ text: each, isSound: false }));
const nearlyLine = fc
  .record({ email: fc.oneof(email, odd), hash: fc.oneof(hash, odd), id, locale }, { requiredKeys: [] })
  .map((fields) => JSON.stringify(fields));
/** Members in any order, any number of times, with any name. */
const anyMembers = fc
  .array(fc.tuple(key, fc.oneof(email, hash, odd)), { maxLength: 6 })
  .map(
    (members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  );
const hurtLine = fc
  .tuple(
    fc.oneof(
      nearlyLine,
      soundLine.map(({ text }) => text),
    ),
    fc.nat(300),
    fc.nat(3),
    fc.string({ unit: 'binary', maxLength: 2 }),
  )
  .map(([text, at, less, more]) => `${text.slice(0, at)}${more}${text.slice(at + less)}`);
const line = fc.oneof(
  { weight: 4, arbitrary: soundLine },
  { weight: 4, arbitrary: wild(nearlyLine) },
  { weight: 2, arbitrary: wild(anyMembers) },
  { weight: 3, arbitrary: wild(hurtLine) },
  wild(fc.json({ maxDepth: 4 })),
  wild(fc.string({ unit: 'binary', maxLength: 60 })),
  wild(
    of(
      '',
      ' ',
      '\t',
      '{}',
      '[]',
      '[{',
      '{',
      'null',
      '"',
      '\u001f\u008b',
      'PK',
      '\u0000',
      '\ufeff{}',
      '['.repeat(12_000),
      `{"a":${'['.repeat(9_000)}`,
    ),
  ),
  wild(
    fc
      .tuple(of(16_300, 16_384, 16_385, 40_000), of('x', 'é', ' '))
      .map(([length, sign]) => `{"email":"a@b.example","hash":null,"locale":"${sign.repeat(length - 52)}"}`),
  ),
);

export const importCases: fc.Arbitrary<ImportCase> = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 5 }),
  encoding: fc.oneof({ weight: 12, arbitrary: of('utf8' as const) }, of('latin1' as const, 'utf16le' as const)),
  mark: fc.oneof({ weight: 6, arbitrary: of(false) }, of(true)),
  end: fc.oneof({ weight: 6, arbitrary: of('\n' as const) }, of('\r\n' as const, '\r' as const, ' \n' as const)),
  hasLastEnd: fc.boolean(),
  chunk: of(1, 7, 64, 1_000, 65_536),
  allowExpensive: fc.boolean(),
});
