import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { coresOfQuota } from '../../src/settings/cores.js';
import { type Command } from '../../src/settings/environment.js';
import { readSettings, SettingsError } from '../../src/settings/settings.js';
import { settingsTable } from '../../src/settings/table.js';
import { ed25519, faultsOf, pem, production, settingsWith } from './environments.js';

const publicUrl = production.PUBLIC_URL;
const commands: readonly Command[] = ['api', 'worker', 'migrate', 'dev', 'account'];

describe('what is not set has its default', () => {
  const cores = coresOfQuota();
  const limits = {
    signInPerAddressAndClient: [{ points: 10, seconds: 900 }],
    signIn: { perClient: [{ points: 100, seconds: 900 }], perNetwork: [{ points: 1000, seconds: 900 }] },
    signInPerAddress: [{ points: 100, seconds: 86400 }],
    signInPerDevice: [
      { points: 10, seconds: 900 },
      { points: 100, seconds: 86400 },
    ],
    changePasswordPerAccount: [{ points: 5, seconds: 3600 }],
    hash: { perClient: [{ points: 300, seconds: 300 }], perNetwork: [{ points: 600, seconds: 60 }] },
    signUp: { perClient: [{ points: 10, seconds: 3600 }], perNetwork: [{ points: 100, seconds: 3600 }] },
  };
  const resetLimits = {
    perAccount: [
      { points: 3, seconds: 3600 },
      { points: 5, seconds: 21600 },
    ],
    requests: { perClient: [{ points: 30, seconds: 900 }], perNetwork: [{ points: 300, seconds: 900 }] },
    unknownPerAddress: [{ points: 1, seconds: 86400 }],
    unknownPerClient: [{ points: 5, seconds: 86400 }],
    unknownInAll: [{ points: 30, seconds: 3600 }],
    keyFailures: { perClient: [{ points: 20, seconds: 900 }], perNetwork: [{ points: 200, seconds: 900 }] },
  };

  // Shows: R-40, ASVS 6.2.1, NIST 3.1.1.2-1, NIST 4.2.1.2-2
  it.each(['api', 'worker'] as const)('%s: production, every safe default on', (command) => {
    const { accounts, ...settings } = settingsWith({}, command);
    const { signingKeys, ...accessToken } = accounts.accessToken;
    expect(signingKeys.map((key) => key.asymmetricKeyType)).toEqual(['ed25519']);
    expect({ ...settings, accounts: { ...accounts, accessToken } }).toEqual({
      command,
      production: true,
      log: { level: 'info' },
      http: { port: 4000, host: '0.0.0.0', publicUrl, trustProxy: [], corsOrigins: [] },
      operations: { port: 9464, host: '127.0.0.1' },
      graphql: { sandbox: false, introspection: false },
      database: {
        url: production.DATABASE_URL,
        directUrl: undefined,
        schemas: { own: 'latchkey', jobs: 'latchkey_jobs' },
        pool: 10,
        queuePool: 8,
      },
      redis: { url: production.REDIS_URL, keyPrefix: '' },
      secrets: [production.SECRET],
      mail: {
        smtpUrls: [production.SMTP_URL],
        from: { name: 'Acme', address: 'no-reply@acme.example' },
        productName: 'Acme',
        replyTo: undefined,
        requireTls: true,
      },
      brand: { logo: undefined, accent: { light: undefined, dark: undefined }, footerLinks: [] },
      languages: { byDefault: 'en', own: undefined, folder: '', templates: undefined },
      accounts: {
        shape: undefined,
        signIn: true,
        signUp: 'closed',
        passwordMinLength: 15,
        passwordMaxLength: 128,
        argon2: { memoryKib: 19456, timeCost: 2 },
        hashConcurrency: cores,
        hashQueue: 64,
        accessToken: { ttlSeconds: 900, issuer: publicUrl, audience: publicUrl },
        limits,
      },
      events: { format: 'webhook', receivers: [] },
      passwordReset: {
        pageUrl: `${publicUrl}/reset-password`,
        signInUrl: undefined,
        supportUrl: undefined,
        keyTtlSeconds: 3600,
        keyTtlMaxSeconds: 86400,
        requestDeadlineSeconds: 3600,
        notifyUnknown: false,
        limits: resetLimits,
      },
    });
  });

  it('dev: development, open to a first look, on this machine only', () => {
    const { DATABASE_URL, REDIS_URL, SMTP_URL, SECRET, ACCESS_TOKEN_SIGNING_KEY } = production;
    const settings = readSettings({ DATABASE_URL, REDIS_URL, SMTP_URL, SECRET, ACCESS_TOKEN_SIGNING_KEY }, 'dev');
    expect(settings).toMatchObject({
      production: false,
      http: {
        port: 4000,
        host: '127.0.0.1',
        publicUrl: 'http://localhost:4000',
        corsOrigins: ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'],
      },
      graphql: { sandbox: true, introspection: true },
      mail: { requireTls: false },
      accounts: {
        signUp: 'open',
        accessToken: { issuer: 'http://localhost:4000', audience: 'http://localhost:4000' },
        limits,
      },
      passwordReset: { pageUrl: 'http://localhost:4000/reset-password', limits: resetLimits },
    });
  });

  it.each(commands)('%s: NODE_ENV decides, whatever the command', (command) => {
    for (const [NODE_ENV, isProduction] of [
      ['production', true],
      ['development', false],
      ['test', false],
    ] as const) {
      const { http, graphql, mail, production, accounts } = settingsWith({ NODE_ENV }, command);
      expect(production).toBe(isProduction);
      expect(http.host).toBe(isProduction ? '0.0.0.0' : '127.0.0.1');
      expect(http.corsOrigins).toHaveLength(isProduction ? 0 : 2);
      expect(graphql).toEqual({ sandbox: !isProduction, introspection: !isProduction });
      expect(mail.requireTls).toBe(isProduction);
      expect(accounts.signUp).toBe(command === 'dev' && !isProduction ? 'open' : 'closed');
    }
    expect(settingsWith({}, command).production).toBe(command !== 'dev');
  });

  it('derives the defaults that depend on PORT and PUBLIC_URL', () => {
    expect(settingsWith({ NODE_ENV: 'development', PUBLIC_URL: undefined, PORT: '4100' }).http.publicUrl).toBe(
      'http://localhost:4100',
    );
    const { http, accounts, passwordReset } = settingsWith({ PUBLIC_URL: 'https://id.example/' });
    expect(http.publicUrl).toBe('https://id.example');
    expect(accounts.accessToken).toMatchObject({ issuer: 'https://id.example', audience: 'https://id.example' });
    expect(passwordReset.pageUrl).toBe('https://id.example/reset-password');
  });

  it('takes an empty value for none', () => {
    const emptied = Object.fromEntries(Object.keys(settingsTable).map((name) => [name, '']));
    expect(readSettings({ ...emptied, ...production }, 'worker')).toEqual(settingsWith({}, 'worker'));
    expect(faultsOf({ SECRET: '' }).SECRET).toMatch(/^is not set/);
  });
});

describe('what a command needs', () => {
  it.each([
    [
      'api',
      ['PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'SECRET', 'ACCESS_TOKEN_SIGNING_KEY', 'MAIL_FROM', 'PRODUCT_NAME'],
    ],
    ['worker', ['PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'SECRET', 'SMTP_URL', 'MAIL_FROM', 'PRODUCT_NAME']],
    ['migrate', ['DATABASE_URL']],
    ['account', ['DATABASE_URL']],
  ] as const)('%s names everything that is missing, together', (command, missing) => {
    const nothing = Object.fromEntries(Object.keys(production).map((name) => [name, undefined]));
    const faults = faultsOf(nothing, command);
    expect(Object.keys(faults).sort()).toEqual([...missing].sort());
    for (const fault of Object.values(faults)) expect(fault).toMatch(/^is not set; \w+/);
  });

  it('is not asked for where the caller makes it later, and everything else is', () => {
    expect(() => readSettings({}, 'dev', ['DATABASE_URL', 'REDIS_URL', 'SMTP_URL', 'SECRET'])).toThrow(
      /^1 wrong setting\(s\):\n {2}ACCESS_TOKEN_SIGNING_KEY: is not set/,
    );
  });
});

describe('a wrong value', () => {
  const wrong: Record<string, { values: readonly string[]; allowed: RegExp }> = {
    NODE_ENV: { values: ['prod', 'Production', 'staging'], allowed: /production, development, test/ },
    PORT: { values: ['-1', '65536', '4000.0', '0x10', '1e3', 'http', '∞'], allowed: /0 to 65535/ },
    HOST: {
      values: ['a b', 'http://x', '[::1]', 'x86_64-conda-linux-gnu', 'arm64-apple-darwin20.0.0'],
      allowed: /host name or an IP address/,
    },
    DATABASE_SCHEMA: { values: ['Acme', '9lives', 'acme-x', 'a'.repeat(46)], allowed: /1 to 45 of a-z/ },
    OPS_PORT: { values: ['off', '70000'], allowed: /0 to 65535/ },
    OPS_HOST: { values: ['*'], allowed: /host name or an IP address/ },
    PUBLIC_URL: {
      values: ['https://x.example/path', 'x.example', 'ftp://x.example', 'https://a:b@x.example', 'https://x.example?'],
      allowed: /origin/,
    },
    RESET_PAGE_URL: {
      values: ['/reset', 'https://x.example/#key', 'javascript:alert(1)'],
      allowed: /without .*fragment/,
    },
    SIGN_IN_URL: { values: ['javascript:alert(1)', 'https://u:p@x.example/'], allowed: /https:/ },
    SUPPORT_URL: { values: ['help@example.com', 'data:text/html,x'], allowed: /mailto:/ },
    MAIL_FROM: {
      values: [
        'Acme',
        'a@b.example, c@d.example',
        'A <a@b.example',
        'a@b.example\r\nBcc: x@y.example',
        'A\u0007 <a@b.example>',
      ],
      allowed: /an address/,
    },
    REDIS_KEY_PREFIX: { values: ['acme', '{acme}:', 'acme*:', 'a b:', `${'x'.repeat(32)}:`], allowed: /at the end/ },
    DEFAULT_LANGUAGE: { values: ['../../etc', 'd', 'x'.repeat(36)], allowed: /a language tag/ },
    TEMPLATES_DIR: { values: ['/nowhere/at/all', '/etc/hostname', 'no\0path'], allowed: /cannot be read \([A-Z_]+\)/ },
    PRODUCT_NAME: { values: ['x'.repeat(65), 'a\nb', 'a\u202Eb', '\u200D', 'a\u2029b'], allowed: /1 to 64 characters/ },
    ACCESS_TOKEN_TTL: {
      values: ['0', '-1', '1.5', 'abc', '1e3', '∞', 'Infinity', '86401'],
      allowed: /1 to 86400 \(seconds\)/,
    },
    ACCESS_TOKEN_AUDIENCE: { values: ['two words', 'ü'], allowed: /printable/ },
    RESET_KEY_TTL: { values: ['0', '-1', '1.5', 'abc', '1e3', '∞', '604801'], allowed: /1 to 604800 \(seconds\)/ },
    RESET_KEY_TTL_MAX: { values: ['0', 'abc', '604801'], allowed: /1 to 604800 \(seconds\)/ },
    RESET_REQUEST_DEADLINE: { values: ['0', '-1', '1.5', 'abc', '1e3', '∞'], allowed: /1 to 604800 \(seconds\)/ },
    PASSWORD_MIN_LENGTH: { values: ['7', '65', '15 '.repeat(2)], allowed: /8 to 64/ },
    ARGON2_MEMORY_KIB: { values: ['12287', '19MB', '1048577'], allowed: /12288 to 1048576 \(KiB\)/ },
    ARGON2_TIME_COST: { values: ['0', '21', '2.5'], allowed: /1 to 20/ },
    HASH_CONCURRENCY: { values: ['0', '65', 'all', '-5'], allowed: /1 to 64/ },
    HASH_QUEUE: { values: ['-1', 'endless'], allowed: /0 to 10000/ },
    ACCOUNTS: { values: ['/nowhere/accounts.json', 'users'], allowed: /the path of a JSON file.*ENOENT/ },
    SIGN_IN: { values: ['yes', 'OFF'], allowed: /on, off/ },
    SIGN_UP: { values: ['yes', 'OPEN', 'Confirm'], allowed: /open, closed/ },
    TRUST_PROXY: {
      values: [
        'true',
        '1',
        'loopback',
        '10.0.0.0/33',
        '010.0.0.1',
        '10/8',
        '0.0.0.0/0',
        '::/0',
        'fe80::1%eth0',
        '10.0.0.1,',
        ',',
      ],
      allowed: /CIDR/,
    },
    CORS_ORIGINS: {
      values: [
        '*',
        'null',
        'https://a.example/',
        'a.example',
        'https://a.example https://b.example',
        'https://*',
        'https://*.example',
        'https://a*.acme.example',
        'https://*a.acme.example',
        'https://*.*.acme.example',
        'https://a.*.example',
        'https://a.example:*',
        '*://a.example',
        'capacitor://*',
        'capacitor://',
        'capacitor:localhost',
        'Capacitor://localhost',
        'file://x',
        'data://x',
      ],
      allowed: /origins/,
    },
    MAIL_REPLY_TO: { values: ['nobody', 'a@b.example, c@d.example'], allowed: /an address/ },
    LOGO_FILE: { values: ['logo.gif', 'a.svg,b.svg'], allowed: /\.svg file/ },
    ACCENT_COLOR: { values: ['blue', '#12', 'rgb(0,0,0)'], allowed: /#rrggbb/ },
    ACCENT_COLOR_DARK: { values: ['blue', '#12345'], allowed: /#rrggbb/ },
    FOOTER_LINKS: { values: ['Imprint', 'A http://acme.example/', 'A https://a.example/,'], allowed: /https URL/ },
    SANDBOX: { values: ['yes', '1', 'constructor', '__proto__'], allowed: /on, off/ },
    INTROSPECTION: { values: ['no', 'toString'], allowed: /on, off/ },
    NOTIFY_UNKNOWN_ADDRESS: { values: ['yes', '1'], allowed: /on, off/ },
    SETTINGS_IGNORE: { values: ['LIMIT-X', 'A B', 'A,,B'], allowed: /names of environment variables/ },
    EVENTS_FORMAT: { values: ['set', 'CAEP'], allowed: /webhook, caep/ },
    LOG_LEVEL: { values: ['verbose', 'INFO'], allowed: /fatal, error, warn, info, debug, trace, silent/ },
  };
  for (const name of ['DATABASE_POOL', 'DATABASE_QUEUE_POOL']) {
    wrong[name] = { values: ['0', '201', '-1', '1.5', 'many'], allowed: /from 1 to 200/ };
  }
  for (const name of Object.keys(settingsTable).filter((each) => each.startsWith('LIMIT_'))) {
    const values = [
      '3/0',
      '0/60',
      '3',
      'a/b',
      '-3/60',
      '3/60/60',
      '3/60,',
      '1.5/60',
      '3/1e3',
      '3/2592001',
      '3/60,5/60',
    ];
    wrong[name] = { values, allowed: /points\/seconds/ };
  }

  // Shows: V-07
  it.each(Object.entries(wrong))(
    'of %s is told with its name, what it was, and what is allowed',
    (name, { values, allowed }) => {
      for (const value of values) {
        const faults = faultsOf({ [name]: value }, 'worker');
        expect(Object.keys(faults), value).toEqual([name]);
        expect(faults[name]).toContain(`was ${JSON.stringify(value)}; allowed: `);
        expect(faults[name]).toMatch(allowed);
      }
    },
  );

  it.each([
    ['DATABASE_URL', 'mysql://root:hunter2hunter2@db/x', /postgres:\/\//],
    ['DATABASE_URL', 'hunter2hunter2', /postgres:\/\//],
    ['DATABASE_DIRECT_URL', 'hunter2hunter2', /postgres:\/\//],
    ['REDIS_URL', 'http://:hunter2hunter2@redis', /redis:\/\//],
    ['SMTP_URL', 'smtp://u:hunter2hunter2@a.example,http://x', /smtp:\/\//],
    ['SMTP_URL', 'smtp://u:hunter2hunter2@', /smtp:\/\//],
    ['SECRET', 'hunter2hunter2', /32 bytes/],
    ['ACCESS_TOKEN_SIGNING_KEY', 'hunter2hunter2', /Ed25519/],
    ['ACCESS_TOKEN_SIGNING_KEY', '{"kty":"OKP","d":"hunter2hunter2"}', /Ed25519/],
  ])('of %s never shows the value', (name, value, allowed) => {
    const faults = faultsOf({ [name]: value });
    expect(Object.keys(faults)).toEqual([name]);
    expect(faults[name]).toMatch(allowed);
    expect(faults[name]).not.toContain('hunter2');
  });

  it('covers every setting', () => {
    const secrets = Object.entries(settingsTable).flatMap(([name, row]) => ('secret' in row ? [name] : []));
    expect(secrets).toEqual([
      'DATABASE_URL',
      'DATABASE_DIRECT_URL',
      'REDIS_URL',
      'SMTP_URL',
      'SECRET',
      'ACCESS_TOKEN_SIGNING_KEY',
      'PASSWORD_PEPPER',
      'EVENTS_URL',
      'EVENTS_SECRET',
    ]);
    expect([...Object.keys(wrong), ...secrets].sort()).toEqual(Object.keys(settingsTable).sort());
  });

  it('is told together with every other fault, each on a line of its own', () => {
    const several = {
      PORT: 'x',
      SECRET: 'short',
      REDIS_URL: undefined,
      LIMIT_HASH_PER_CLIENT: '3',
      PUBLIC_URL: 'http://x.example',
    };
    try {
      settingsWith(several);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SettingsError);
      const [first, ...lines] = (error as SettingsError).message.split('\n');
      expect(first).toBe('5 wrong setting(s):');
      expect(lines.map((line) => /^ {2}(\w+): /.exec(line)?.[1]).sort()).toEqual(Object.keys(several).sort());
    }
  });
});

describe('production refuses', () => {
  it.each([
    ['31 bytes', 'k7Vn2xQ9pLw4Rz8TbY6mHc3JdF5sGa1'],
    ['one word repeated', 'secretsecretsecretsecretsecretsecret'],
    ['a placeholder', 'change-me-change-me-to-something-random'],
  ])('a weak SECRET: %s', (_why, SECRET) => {
    expect(faultsOf({ SECRET })).toHaveProperty('SECRET');
    expect(faultsOf({ SECRET }, 'worker')).toHaveProperty('SECRET');
  });

  // Shows: R-17
  it.each(['api', 'worker', 'dev'] as const)('pages and links without https: %s', (command) => {
    const change = { NODE_ENV: 'production' };
    expect(faultsOf({ ...change, PUBLIC_URL: 'http://x.example' }, command).PUBLIC_URL).toMatch(
      /http:\/\/x.*https only/,
    );
    expect(faultsOf({ ...change, PUBLIC_URL: undefined }, command).PUBLIC_URL).toMatch(/is not set.*https only/);
    expect(faultsOf({ ...change, RESET_PAGE_URL: 'http://x.example/r' }, command)).toHaveProperty('RESET_PAGE_URL');
    expect(faultsOf({ NODE_ENV: 'development', PUBLIC_URL: 'http://x.example' }, command)).toEqual({});
  });

  // Shows: V-14
  it.each(['api', 'dev'] as const)('open sign-up: %s', (command) => {
    expect(faultsOf({ NODE_ENV: 'production', SIGN_UP: 'open' }, command).SIGN_UP).toMatch(/"open".*allowed: closed/);
    expect(settingsWith({ NODE_ENV: 'development', SIGN_UP: 'open' }, command).accounts.signUp).toBe('open');
  });

  // Shows
  it.each([
    ['19455', '2', false],
    ['19456', '2', true],
    ['47103', '1', false],
    ['47104', '1', true],
    ['12288', '3', true],
    ['12288', '2', false],
    [undefined, '1', false],
    ['12288', undefined, false],
  ])('a weak argon2id pair: %s KiB, %s passes (allowed: %s)', (ARGON2_MEMORY_KIB, ARGON2_TIME_COST, isAllowed) => {
    const faults = faultsOf({ ARGON2_MEMORY_KIB, ARGON2_TIME_COST });
    expect(Object.keys(faults)).toEqual(isAllowed ? [] : ['ARGON2_MEMORY_KIB']);
    if (!isAllowed) expect(faults.ARGON2_MEMORY_KIB).toMatch(/at least (19456|47104) KiB/);
  });
});

it('refuses a key, or a budget that asks for one, that lives longer than RESET_KEY_TTL_MAX', () => {
  expect(faultsOf({ RESET_KEY_TTL: '86400', LIMIT_RESET_PER_ACCOUNT: '1/60,9/86400' })).toEqual({});
  expect(faultsOf({ RESET_KEY_TTL: '86401' })).toEqual({ RESET_KEY_TTL: expect.stringMatching(/at most .* 86400 s$/) });
  expect(faultsOf({ LIMIT_RESET_PER_ACCOUNT: '3/3600,10/2592000' })).toEqual({
    LIMIT_RESET_PER_ACCOUNT: expect.stringMatching(/2592000 s; at most RESET_KEY_TTL_MAX, which is 86400 s/),
  });
  expect(Object.keys(faultsOf({ RESET_KEY_TTL_MAX: '600' })).sort()).toEqual([
    'LIMIT_RESET_PER_ACCOUNT',
    'RESET_KEY_TTL',
  ]);
});

it('refuses one port for two servers', () => {
  expect(faultsOf({ PORT: '9464' }).OPS_PORT).toContain('9464');
  expect(faultsOf({ OPS_PORT: '4000' }, 'dev').OPS_PORT).toContain('4000');
  expect(faultsOf({ OPS_PORT: '4000' }, 'worker')).toEqual({});
  expect(faultsOf({ PORT: '0', OPS_PORT: '0' })).toEqual({});
  expect(faultsOf({ PORT: '9464', HOST: '10.0.0.1' })).toEqual({});
});

describe('the signing key', () => {
  const jwk = JSON.stringify(ed25519.export({ format: 'jwk' }));
  it.each([
    ['PEM', pem],
    ['PEM in one line, its line ends written as \\n', pem.trim().replaceAll('\n', '\\n')],
    ['JWK', jwk],
    ['JWK among spaces', `  ${jwk}\n`],
  ])('is read as %s', (_form, text) => {
    const key = settingsWith({ ACCESS_TOKEN_SIGNING_KEY: text }).accounts.accessToken.signingKeys[0];
    expect(key?.equals(ed25519)).toBe(true);
  });

  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { privateKey: x25519 } = generateKeyPairSync('x25519');
  const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { publicKey } = generateKeyPairSync('ed25519');
  const encrypted = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  it.each([
    ['RSA', rsa.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['RSA as JWK', JSON.stringify(rsa.export({ format: 'jwk' }))],
    ['X25519', x25519.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['X25519 as JWK', JSON.stringify(x25519.export({ format: 'jwk' }))],
    ['P-256', ec.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a public key', publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    ['a public JWK', JSON.stringify(publicKey.export({ format: 'jwk' }))],
    ['an encrypted key', ed25519.export(encrypted).toString()],
  ])('is refused: %s', (_kind, text) => {
    const { ACCESS_TOKEN_SIGNING_KEY: fault, ...others } = faultsOf({ ACCESS_TOKEN_SIGNING_KEY: text });
    expect(others).toEqual({});
    expect(fault).toMatch(/^allowed: an Ed25519 private key: PKCS#8 PEM or JWK;/);
  });
});

it('hands out settings that nobody can change', () => {
  const settings = settingsWith({ TRUST_PROXY: '10.0.0.0/8', MAIL_FROM: '"Acme, Inc." <a@acme.example>' });
  const pieces: object[] = [];
  const collect = (value: unknown) => {
    if (!Array.isArray(value) && Object.getPrototypeOf(value ?? 0) !== Object.prototype) return;
    pieces.push(value as object);
    for (const each of Object.values(value as object)) collect(each);
  };
  collect(settings);
  expect(pieces.length).toBeGreaterThan(20);
  expect(pieces.filter((piece) => !Object.isFrozen(piece))).toEqual([]);
});

describe('a value that is set is taken over', () => {
  it('with its unit and form', () => {
    const settings = settingsWith({
      PORT: '0',
      HOST: '::',
      OPS_PORT: '0',
      OPS_HOST: 'ops.internal',
      RESET_PAGE_URL: 'https://app.example/reset?lang=de',
      SIGN_IN_URL: 'https://app.example/sign-in',
      SUPPORT_URL: 'mailto:help@acme.example',
      SMTP_URL: 'smtps://a.example:465, smtp://b.example:587',
      MAIL_FROM: 'Acme <no-reply@acme.example>',
      PRODUCT_NAME: 'Ακμή & Söhne',
      ACCESS_TOKEN_TTL: '60',
      ACCESS_TOKEN_AUDIENCE: 'urn:acme',
      RESET_KEY_TTL: '1',
      RESET_KEY_TTL_MAX: '3600',
      RESET_REQUEST_DEADLINE: '604800',
      LIMIT_RESET_PER_ACCOUNT: '1/60, 2/3600',
      PASSWORD_MIN_LENGTH: '8',
      ARGON2_MEMORY_KIB: '65536',
      ARGON2_TIME_COST: '3',
      HASH_CONCURRENCY: '7',
      HASH_QUEUE: '0',
      TRUST_PROXY: '10.0.0.0/8, 2001:db8::/32, 192.0.2.1, ::1',
      CORS_ORIGINS: 'https://app.example,http://localhost:3000, https://*.preview.acme.example:8443,tauri://localhost',
      SANDBOX: 'on',
      INTROSPECTION: 'true',
      LOG_LEVEL: 'debug',
    });
    expect(settings).toMatchObject({
      log: { level: 'debug' },
      http: {
        port: 0,
        host: '::',
        trustProxy: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1/32', '::1/128'],
        corsOrigins: [
          'https://app.example',
          'http://localhost:3000',
          'https://*.preview.acme.example:8443',
          'tauri://localhost',
        ],
      },
      operations: { port: 0, host: 'ops.internal' },
      graphql: { sandbox: true, introspection: true },
      mail: {
        smtpUrls: ['smtps://a.example:465', 'smtp://b.example:587'],
        from: { name: 'Acme', address: 'no-reply@acme.example' },
        productName: 'Ακμή & Söhne',
      },
      accounts: {
        passwordMinLength: 8,
        argon2: { memoryKib: 65536, timeCost: 3 },
        hashConcurrency: 7,
        hashQueue: 0,
        accessToken: { ttlSeconds: 60, audience: 'urn:acme' },
      },
      passwordReset: {
        pageUrl: 'https://app.example/reset?lang=de',
        signInUrl: 'https://app.example/sign-in',
        supportUrl: 'mailto:help@acme.example',
        keyTtlSeconds: 1,
        keyTtlMaxSeconds: 3600,
        requestDeadlineSeconds: 604800,
        limits: {
          perAccount: [
            { points: 1, seconds: 60 },
            { points: 2, seconds: 3600 },
          ],
        },
      },
    });
  });
});
