import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/settings/settings.js';
import { tooWide } from '../../src/settings/trusted-networks.js';
import { settingsWarnings } from '../../src/settings/warnings.js';
import { type Change, faultsOf, production, settingsWith } from './environments.js';

const warningsOf = (change: Change) => {
  const environment = { ...production, SUPPORT_URL: 'https://acme.example/help', ...change };
  const found = settingsWarnings(environment, readSettings(environment, 'api'));
  return Object.fromEntries(found.map(({ name, fault }) => [name, fault]));
};

describe('TRUST_PROXY', () => {
  it.each([
    ['10.0.0.0/8'],
    ['fc00::/7'],
    ['10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,::1,fc00::/7'],
    ['16.0.0.0/4'],
    ['16.0.0.0/4,16.0.0.0/8,31.255.255.255,::ffff:16.0.0.0/100'],
    ['2000::/7'],
    ['2000::/8,2100::/8'],
    ['2001:db8::/32,64:ff9b::/96'],
  ])('takes %s', (TRUST_PROXY) => {
    expect(faultsOf({ TRUST_PROXY })).toEqual({});
  });

  it.each([
    ['16.0.0.0/3', 'IPv4'],
    ['16.0.0.0/4,32.0.0.0', 'IPv4'],
    ['16.0.0.0/4,32.0.0.0/32', 'IPv4'],
    ['0.0.0.0/1,128.0.0.0/1', 'IPv4'],
    [Array.from({ length: 17 }, (_, at) => `${at}.0.0.0/8`).join(','), 'IPv4'],
    ['::ffff:16.0.0.0/99', 'IPv4'],
    ['::ffff:0:0/96', 'IPv4'],
    ['::ffff:1000:0/100,::ffff:2000:0/128', 'IPv4'],
    ['::/8', 'IPv4'],
    ['::/1', 'IPv4'],
    ['2000::/3', '2000::/3'],
    ['2000::/6', '2000::/3'],
    ['2000::/7,2200::/128', '2000::/3'],
    ['2000::/7,3fff:ffff::/32', '2000::/3'],
    ['2000::/8,2100::/8,3000::/16', '2000::/3'],
  ])('refuses %s: more than a sixteenth of %s', (TRUST_PROXY, space) => {
    expect(faultsOf({ TRUST_PROXY }).TRUST_PROXY).toContain(`a sixteenth of ${space} together`);
    expect(tooWide(settingsWith({}).http.trustProxy)).toBeUndefined();
  });
});

describe('DATABASE_SCHEMA', () => {
  it.each(['latchkey', 'acme', '_a9', 'user', 'pgboss', 'a'.repeat(45)])('takes %s', (DATABASE_SCHEMA) => {
    expect(settingsWith({ DATABASE_SCHEMA }).database.schemas).toEqual({
      own: DATABASE_SCHEMA,
      jobs: `${DATABASE_SCHEMA}_jobs`,
    });
  });

  it.each([
    ['public', /the app's own tables/],
    ['pg_catalog', /PostgreSQL keeps for itself/],
    ['pg_acme', /PostgreSQL keeps for itself/],
    ['information_schema', /PostgreSQL keeps for itself/],
    ['Acme', /allowed: 1 to 45 of a-z/],
    ['9lives', /allowed: 1 to 45 of a-z/],
    ['acme-x', /allowed: 1 to 45 of a-z/],
    ['a"; drop schema public; --', /allowed: 1 to 45 of a-z/],
    ['a'.repeat(46), /allowed: 1 to 45 of a-z/],
  ])('refuses %s', (DATABASE_SCHEMA, fault) => {
    expect(faultsOf({ DATABASE_SCHEMA }).DATABASE_SCHEMA).toMatch(fault);
  });
});

describe('links in production', () => {
  it.each([
    [{ PUBLIC_URL: undefined, RESET_PAGE_URL: 'on' }, 'RESET_PAGE_URL'],
    [{ RESET_KEY_TTL_MAX: '5', RESET_KEY_TTL: '5', LIMIT_RESET_PER_ACCOUNT: '0/0' }, 'LIMIT_RESET_PER_ACCOUNT'],
    [{ RESET_KEY_TTL_MAX: '5', RESET_KEY_TTL: 'x', LIMIT_RESET_PER_ACCOUNT: '1/1' }, 'RESET_KEY_TTL'],
    [{ PORT: '9464', OPS_PORT: 'x', HOST: '::' }, 'OPS_PORT'],
  ])('one that cannot be read is told once, also where its default would be refused: %o', (change, name) => {
    expect(faultsOf(change)[name]).toMatch(/^was "[^"]*"; allowed/);
  });

  it.each(['RESET_PAGE_URL', 'SIGN_IN_URL', 'SUPPORT_URL'])('%s is https', (name) => {
    expect(faultsOf({ [name]: 'http://app.example/x' })[name]).toMatch(/^was "http:.*production allows https only/);
    expect(faultsOf({ [name]: 'https://app.example/x' })).toEqual({});
    expect(faultsOf({ [name]: 'http://app.example/x', NODE_ENV: 'development' })).toEqual({});
  });

  it('SUPPORT_URL may be an address, the others not', () => {
    expect(faultsOf({ SUPPORT_URL: 'mailto:help@acme.example' })).toEqual({});
    expect(faultsOf({ SIGN_IN_URL: 'mailto:help@acme.example' })).toHaveProperty('SIGN_IN_URL');
  });

  it('SUPPORT_URL is asked for', () => {
    expect(warningsOf({ SUPPORT_URL: undefined }).SUPPORT_URL).toMatch(/^is not set: people .* object$/);
    expect(warningsOf({ SUPPORT_URL: undefined, NODE_ENV: 'development' })).toEqual({});
    expect(warningsOf({})).toEqual({});
  });
});

describe('PRODUCT_NAME', () => {
  it.each([
    ['Persian with a zero-width non-joiner', 'می\u200Cخواهم'],
    ['Hindi with a joiner', 'क्\u200Dष'],
    ['Malayalam with a joiner at its end', 'ന്\u200D'],
    ['a family', '👨\u200D👩\u200D👧\u200D👦 Acme'],
    ['a flag of joined emoji', 'Acme 🏳️\u200D🌈'],
    ['a flag of tags', 'Acme 🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}'],
    ['Hebrew', 'אקמי'],
    ['64 code points', '👍'.repeat(64)],
  ])('takes %s', (_what, PRODUCT_NAME) => {
    expect(settingsWith({ PRODUCT_NAME }).mail.productName).toBe(PRODUCT_NAME);
  });

  it.each([
    ['65 code points', '👍'.repeat(65)],
    ['an override', 'Acme\u202Egro'],
    ['an isolate', 'Acme\u2066x\u2069'],
    ['a direction mark', 'Acme\u200F'],
    ['the Arabic letter mark', 'Acme\u061C'],
    ['a joiner alone', '\u200D'],
    ['a joiner after a blank', 'Acme \u200D'],
    ['two joiners in a row', 'Acme\u200D\u200Dx'],
    ['a zero-width space', 'Ac\u200Bme'],
    ['a soft hyphen', 'Ac\u00ADme'],
    ['a byte order mark', 'Ac\uFEFFme'],
    ['tags without a flag', 'Acme\u{E0041}\u{E007F}'],
    ['a line end', 'Acme\nEvil'],
    ['a line separator', 'Acme\u2028Evil'],
    ['a paragraph separator', 'Acme\u2029Evil'],
    ['a control character', 'Acme\u0085'],
    ['half a character', 'Acme\uD83D'],
    ['marks alone', '\u0301'],
  ])('refuses %s', (_what, PRODUCT_NAME) => {
    expect(faultsOf({ PRODUCT_NAME }).PRODUCT_NAME).toMatch(/1 to 64 characters \(code points\)/);
  });
});

describe('HOST', () => {
  it.each(['x86_64-conda-linux-gnu', 'x86_64-conda_cos6-linux-gnu', 'arm64-apple-darwin20.0.0', 'x86_64-w64-mingw32'])(
    'that a tool chain left in the shell is told as that: %s',
    (HOST) => {
      expect(faultsOf({ HOST }).HOST).toMatch(
        /^was ".*conda and other tool chains.*unset it, or say HOST=127\.0\.0\.1$/,
      );
    },
  );

  it.each(['localhost', '0.0.0.0', '::', 'my-host-1.internal', 'api-linux-1.acme.example', 'web-1'])(
    '%s is one',
    (HOST) => {
      expect(settingsWith({ HOST }).http.host).toBe(HOST);
    },
  );
});

describe('a name that is no setting', () => {
  it.each([
    ['LIMIT_RESET_PER_CLIENTS', 'LIMIT_RESET_PER_CLIENT'],
    ['LIMIT_SIGNIN_PER_CLIENT', 'LIMIT_SIGN_IN_PER_CLIENT'],
    ['RESET_KEY_TLL', 'RESET_KEY_TTL'],
    ['ARGON2_MEMORY', 'ARGON2_MEMORY_KIB'],
    ['HASH_CONCURENCY', 'HASH_CONCURRENCY'],
    ['PASSWORD_MIN_LENGHT', 'PASSWORD_MIN_LENGTH'],
    ['ACCESS_TOKEN_KEY', 'ACCESS_TOKEN_TTL'],
    ['LIMIT_', 'HOST'],
  ])('is refused where it begins like ours: %s', (name, nearest) => {
    const faults = faultsOf({ [name]: 'x' });
    expect(Object.keys(faults)).toEqual([name]);
    expect(faults[name]).toMatch(
      /^is no setting of this version; the nearest is \w+\. Allowed: that, or \w+ in SETTINGS_IGNORE$/,
    );
    if (name.length > 10) expect(faults[name]).toContain(`the nearest is ${nearest}.`);
    expect(faultsOf({ [name]: 'x', SETTINGS_IGNORE: `OTHER, ${name}` })).toEqual({});
    expect(faultsOf({ [name]: '' })).toEqual({});
  });

  it.each([
    ['MAIL_FORM', 'MAIL_FROM'],
    ['PRODUCTNAME', 'PRODUCT_NAME'],
    ['SECRETS', 'SECRET'],
    ['SECRET_FLIE', 'SECRET_FILE'],
    ['TRUST_PROXIE', 'TRUST_PROXY'],
    ['PUBLIC_URI', 'PUBLIC_URL'],
    ['public_url', 'PUBLIC_URL'],
    ['PORTS', 'PORT'],
  ])('is a warning where it is two edits or fewer away: %s', (name, nearest) => {
    expect(warningsOf({ [name]: 'x' })).toEqual({ [name]: `is no setting; was ${nearest} meant?` });
    expect(warningsOf({ [name]: 'x', SETTINGS_IGNORE: name })).toEqual({});
    expect(faultsOf({ [name]: 'x' })).toEqual({});
  });

  it.each([
    ['HOME', '/x'],
    ['PATH', '/bin'],
    ['REDIS_SERVICE_HOST', '10.0.0.1'],
    ['RESET_SERVICE_HOST', '10.0.0.1'],
    ['RESET_SERVICE_PORT_HTTP', '80'],
    ['LIMIT_PORT', 'tcp://10.0.0.1:80'],
    ['HASH_PORT_80_TCP', 'tcp://10.0.0.1:80'],
    ['HASH_PORT_80_TCP_ADDR', '10.0.0.1'],
    ['REDIS_TLS_URL', 'rediss://h'],
    ['HASH_TLS_URL', 'rediss://h'],
    ['PASSWORD_STORE_DIR', '/x'],
  ])('is left alone where it is another program’s or a platform’s: %s', (name, value) => {
    expect(faultsOf({ [name]: value })).toEqual({});
    expect(warningsOf({ [name]: value })).toEqual({});
  });

  it('is told for every command, together with everything else that is wrong', () => {
    for (const command of ['api', 'worker', 'migrate', 'account', 'dev'] as const) {
      const faults = faultsOf({ LIMIT_X: '1/1', RESET_Y: 'x', PORT: 'x' }, command);
      expect(Object.keys(faults).sort()).toEqual(['LIMIT_X', 'PORT', 'RESET_Y']);
    }
  });
});

describe('a window that is never reached', () => {
  it.each([
    ['LIMIT_RESET_PER_ACCOUNT', '10/60,5/3600', '10/60', '5/3600'],
    ['LIMIT_RESET_PER_ACCOUNT', '5/3600,10/60', '10/60', '5/3600'],
    ['LIMIT_RESET_PER_CLIENT', '301/900', '301/900', '300/900'],
  ])('is a warning: %s=%s', (name, value, window, other) => {
    expect(warningsOf({ [name]: value })).toEqual({
      [name]: `${window} is never reached, because ${other} refuses before`,
    });
  });

  it('but not the defaults, nor windows that narrow each other', () => {
    expect(warningsOf({})).toEqual({});
    expect(warningsOf({ LIMIT_RESET_PER_ACCOUNT: '3/3600,5/21600,5/86400' })).toEqual({});
  });
});
