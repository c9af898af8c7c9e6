import fc from 'fast-check';
import { commands } from '../../../src/settings/environment.js';
import { secretNames, settingRows } from '../../../src/settings/table.js';

/** The environment of a process. */
export interface SettingsCase {
  readonly command: (typeof commands)[number];
  /** Whether the settings that production requires are there, too. */
  readonly sound: boolean;
  readonly changes: readonly (readonly [name: string, value: string])[];
}

/** Stands in every generated secret and nowhere else, so that it may be told nowhere. */
export const mark = 'ZqMarkJxw';

const of = (...texts: readonly string[]) => fc.constantFrom(...texts);
const joined = (...parts: readonly fc.Arbitrary<string>[]) => fc.tuple(...parts).map((each) => each.join(''));
const listed = (part: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), of(',', ', ', ',,', ';'))
    .map(([all, comma]) => all.join(comma));
const noise = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  of('\0', '\n', '\r\n', '\ud800', '\u202e', '%', '%zz', '%00', '"', '\\', ' '),
);
/** With one piece more or less somewhere. */
const hurt = (text: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 3, arbitrary: text },
    fc
      .tuple(text, fc.nat(60), fc.nat(2), noise)
      .map(([whole, at, less, more]) => `${whole.slice(0, at)}${more}${whole.slice(at + less)}`),
  );

const number = fc.oneof(
  fc.integer({ min: -2, max: 70_000 }).map(String),
  of('0', '00', '1e3', '0x10', '1_000', '9'.repeat(11), '٣', '1.5', '+1', 'NaN', 'Infinity'),
);
const limit = joined(number, of('/', '/', '//', '\\', ''), number);
const port = fc.oneof({ weight: 4, arbitrary: of('') }, joined(of(':'), number));
const host = of(
  'relay.example',
  '127.0.0.1',
  '[::1]',
  '[::',
  'a_b',
  '-x',
  'münchen.example',
  '',
  '*.example',
  'x'.repeat(254),
  'a,b',
  '%2Frun',
  '1',
);
const query = fc
  .array(
    fc.tuple(
      of(
        'name',
        'sslmode',
        'requireTLS',
        'ignoreTLS',
        'authMethod',
        'tls.servername',
        'host',
        'port',
        'master',
        'debug',
        '__proto__',
        'constructor',
        'options',
        'sentinel_password',
        'connect_timeout',
        'x',
        '',
      ),
      of('=', '=', '', '=='),
      of('true', 'require', 'PLAIN', 'x', '', '1', '%', '%00', 'a@b', 'false'),
    ),
    { maxLength: 3 },
  )
  .map((all) => (all.length === 0 ? '' : `?${all.map((each) => each.join('')).join('&')}`));
const origin = joined(
  of('https://', 'http://', 'HTTPS://', 'ftp://', 'capacitor://', 'https:', 'javascript:', 'mailto:', 'https://*.'),
  host,
  port,
);
const link = joined(origin, of('', '/', '/a', '//', '/..', '/a?b', '#', '?', '@x', '/a#b'));
const address = joined(
  of('Acme <', '<', '', 'Acme" <', 'A\u0000 <', '"Acme" <'),
  of('a@b.example', 'a@b', 'a b@c.example', '@', 'a@b.example\nBcc: c@d.example', 'ä@b.example'),
  of('>', '', '>>'),
);
const network = joined(
  of('10.0.0.0', '::1', '2001:db8::', '0.0.0.0', '::', '1.2.3', '::ffff:1.2.3.4', '010.0.0.1'),
  of('/8', '/32', '', '/0', '/128', '/129', '/-1', '/08'),
);

/** A secret text, with signs that an operator forgot to encode. */
const password = fc
  .tuple(
    of('', '1', '12345', 'a', 'p@', 'a/', '?', '#', '&', '%', '%zz', ':', ','),
    of('', '?', '/', '&', '=', '@', '#', ',', ':', '%', '+', ' ', '?x='),
    of('', '=1', '/', '@', '%', ',b', '=a@b'),
  )
  .map(([before, sign, after]) => `${before}${sign}${mark}${after}`);
const userinfo = fc.oneof(
  { weight: 4, arbitrary: joined(of('user:', ':', 'user', 'u%40x:'), password, of('@')) },
  of('', 'user@', '@'),
);
const storeUrl = (schemes: fc.Arbitrary<string>) =>
  joined(schemes, userinfo, host, port, of('', '/', '/0', '/latchkey', '/a/b', '/%'), query);
const generated = joined(
  of('k7Vn2xQ9pLw4Rz8TbY6mHc3JdF5sGa1E', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '0123456789', ''),
  of(mark),
);
const json = (value: fc.Arbitrary<unknown>) => value.map((each) => JSON.stringify(each));
const secret = fc.oneof(
  listed(generated),
  json(fc.array(fc.oneof(generated, fc.constant(null), fc.constant(7)), { maxLength: 3 })),
  joined(of('[', '["', '{"a":"'), generated),
);
const jwk = fc.record(
  {
    kty: of('OKP', 'RSA', 'EC', 'oct', ''),
    crv: of('Ed25519', 'X25519', 'P-256'),
    d: fc.oneof(of(mark, 'A'.repeat(43), mark.repeat(6).slice(0, 43)), fc.constant(null)),
    x: of('A'.repeat(43), mark),
    key_ops: fc.jsonValue({ maxDepth: 1 }),
  },
  { requiredKeys: [] },
);
const signingKey = fc.oneof(
  json(jwk),
  json(
    fc.record({
      keys: fc.oneof(
        fc.array(fc.oneof(jwk, fc.constant(null), fc.constant([])), { maxLength: 3 }),
        fc.jsonValue({ maxDepth: 2 }),
        jwk,
      ),
    }),
  ),
  joined(
    of('-----BEGIN PRIVATE KEY-----', '-----BEGIN RSA PRIVATE KEY-----', '-----BEGIN  -----', ''),
    of('\n', '\\n'),
    of(mark, `MC4CAQAwBQYDK2VwBCIE${mark}`),
    of('\n-----END PRIVATE KEY-----', ''),
  ),
);

const secrets: Readonly<Record<string, fc.Arbitrary<string>>> = {
  DATABASE_URL: storeUrl(of('postgres://', 'postgresql://', 'postgres:', 'POSTGRES://', 'mysql://', '')),
  DATABASE_DIRECT_URL: storeUrl(of('postgres://', 'postgresql://', 'pg://')),
  REDIS_URL: storeUrl(of('redis://', 'rediss://', 'redis+sentinel://', 'rediss+cluster://', 'redis+x://', '')),
  SMTP_URL: fc.oneof(
    storeUrl(of('smtp://', 'smtps://', 'SMTP://', 'smtp:', '')),
    listed(storeUrl(of('smtp://', 'smtps://'))),
  ),
  SECRET: secret,
  ACCESS_TOKEN_SIGNING_KEY: signingKey,
};
const text = fc.oneof(
  number,
  listed(limit),
  link,
  listed(origin),
  address,
  listed(network),
  of(
    'on',
    'off',
    'true',
    'open',
    'confirm',
    'production',
    'development',
    'test',
    'info',
    'acme:',
    'x86_64-conda-linux-gnu',
    '__proto__',
    'constructor',
    '',
  ),
  noise,
  fc.string({ maxLength: 70 }),
);
/** Texts of the form that a setting wants, by its name. */
const forms: readonly (readonly [names: RegExp, texts: fc.Arbitrary<string>])[] = [
  [/^LIMIT_/, listed(limit)],
  [/^(?:PORT|OPS_PORT|.*(?:POOL|TTL|DEADLINE|LENGTH|KIB|COST|CONCURRENCY|QUEUE|MAX))$/, number],
  [/^(?:PUBLIC_URL|CORS_ORIGINS)$/, listed(origin)],
  [/_URL$/, link],
  [/^MAIL_FROM$/, address],
  [/^TRUST_PROXY$/, listed(network)],
  [/^(?:HOST|OPS_HOST)$/, host],
];
const formOf = (name: string) => forms.find(([names]) => names.test(name))?.[1] ?? text;
const plainNames = settingRows.flatMap(([name, { secret: isSecret }]) => (isSecret ? [] : [name]));

const change = fc.oneof(
  {
    weight: 6,
    arbitrary: of(...plainNames).chain((name) =>
      fc.tuple(fc.constant(name), fc.oneof({ weight: 3, arbitrary: formOf(name) }, hurt(formOf(name)), text)),
    ),
  },
  {
    weight: 6,
    arbitrary: of(...secretNames).chain((name) => fc.tuple(fc.constant(name), hurt(secrets[name] ?? secret))),
  },
  fc.tuple(
    of(...secretNames.map((name) => `${name}_FILE`)),
    of('/dev/null', '/', '/proc/self/mem', '/dev/zero', '/nowhere/at/all', `${mark}\0`, mark, '.', 'x'.repeat(9_000)),
  ),
  fc.tuple(
    of(
      'LIMIT_RESETS',
      'RESET_',
      'HASH_X',
      'ARGON2_',
      'ACCESS_TOKEN_T',
      'POTR',
      '__proto__',
      'toString',
      'SMTP_URL_',
      'X'.repeat(2_000),
      'LIMIT_\n',
      'RESET_PORT',
    ),
    hurt(text),
  ),
);

export const settingsCases: fc.Arbitrary<SettingsCase> = fc.record({
  command: fc.constantFrom(...commands),
  sound: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
});
