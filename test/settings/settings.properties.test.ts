import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { settingsSeen } from '../../src/settings/docs.js';
import { readSettings, SettingsError } from '../../src/settings/settings.js';
import { type SettingName, settingsTable } from '../../src/settings/table.js';
import { faultsOf, pem, production, settingsWith } from './environments.js';

const names = Object.keys(settingsTable) as SettingName[];
const secrets = ['DATABASE_URL', 'REDIS_URL', 'SMTP_URL', 'SECRET', 'ACCESS_TOKEN_SIGNING_KEY'];

const window = fc.record({
  points: fc.integer({ min: 1, max: 9_999_999 }),
  seconds: fc.integer({ min: 1, max: 2_592_000 }),
});
const windows = fc.uniqueArray(window, { minLength: 1, maxLength: 5, selector: ({ seconds }) => seconds });
const padding = fc.constantFrom('', ' ', '\t');
const written = (list: readonly { points: number; seconds: number }[], pad: string) =>
  list.map(({ points, seconds }) => `${pad}${points}/${seconds}${pad}`).join(',');

it('reads every list of limits that is made of whole numbers above 0', () => {
  fc.assert(
    fc.property(windows, padding, (list, pad) => {
      const text = written(list, pad);
      expect(settingsWith({ LIMIT_SIGN_IN_PER_ADDRESS: text }).accounts.limits.signInPerAddress).toEqual(list);
    }),
  );
});

it('refuses every list of limits with one part that is not', () => {
  const zero = fc.oneof(
    fc.nat(9).map((n) => `0/${n}`),
    fc.nat(9).map((n) => `${n}/0`),
  );
  const noise = fc.string().filter((text) => !/^\s*\d+\/\d+\s*$/.test(text) && !text.includes(','));
  fc.assert(
    fc.property(windows, fc.oneof(zero, noise), fc.nat(), (list, bad, at) => {
      const parts = written(list, '').split(',');
      parts.splice(at % (parts.length + 1), 0, bad);
      expect(Object.keys(faultsOf({ LIMIT_HASH_PER_CLIENT: parts.join(',') }))).toEqual(['LIMIT_HASH_PER_CLIENT']);
    }),
  );
});

/** Networks so small that four of them never cover more addresses than TRUST_PROXY allows. */
const network = fc.oneof(
  fc.tuple(fc.ipV4(), fc.option(fc.integer({ min: 6, max: 32 }))),
  fc.tuple(fc.ipV6(), fc.option(fc.integer({ min: 102, max: 128 }))),
);

it('reads every list of networks, as the server that has to believe them does', () => {
  fc.assert(
    fc.property(fc.array(network, { minLength: 1, maxLength: 4 }), padding, (list, pad) => {
      const text = list.map(([address, bits]) => `${pad}${address}${bits === null ? '' : `/${bits}`}${pad}`).join(',');
      const { trustProxy } = settingsWith({ TRUST_PROXY: text }).http;
      expect(trustProxy).toEqual(
        list.map(([address, bits]) => `${address}/${bits ?? (isIP(address) === 6 ? 128 : 32)}`),
      );
      fastify({ trustProxy: [...trustProxy] });
    }),
  );
});

it('accepts as a network only what names one plainly, and never all of them', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789abfx.:/%, '), maxLength: 24 });
  const nearly = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6()), fc.integer({ min: -1, max: 140 }));
  fc.assert(
    fc.property(
      fc.oneof(
        digits,
        nearly.map(([address, bits]) => `${address}/${bits}`),
      ),
      (text) => {
        if (text === '' || 'TRUST_PROXY' in faultsOf({ TRUST_PROXY: text })) return;
        for (const range of settingsWith({ TRUST_PROXY: text }).http.trustProxy) {
          const [address = '', bits = ''] = range.split('/');
          new BlockList().addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
          expect(Number(bits)).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

const likely = fc.constantFrom(
  '0',
  '-0',
  '1e3',
  'NaN',
  '__proto__',
  'constructor',
  'on',
  'https://x.example',
  'http://[',
  'postgres://',
  'redis:',
  'smtp://a,,',
  '{"kty":"OKP"}',
  '{',
  '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----',
  pem.slice(0, 60),
  '1/1,1/1',
  '<@>',
  '\ud800',
  'a'.repeat(300),
);
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ maxLength: 40 }),
  fc.webUrl(),
  likely,
);
const environment = fc.dictionary(fc.constantFrom(...names), anything, { maxKeys: 12 });
const command = fc.constantFrom('api', 'worker', 'migrate', 'dev', 'account');

it('answers any environment with settings or with named faults, never with another error', () => {
  fc.assert(
    fc.property(environment, command, fc.boolean(), (change, each, sound) => {
      try {
        readSettings({ ...(sound ? production : {}), ...change }, each);
      } catch (error) {
        expect(error).toBeInstanceOf(SettingsError);
        const { faults } = error as SettingsError;
        expect(faults.length).toBeGreaterThan(0);
        for (const { name, fault } of faults) {
          expect(names).toContain(name);
          expect(fault).toMatch(/allowed|allows|refuses|not set|at least|is \d/);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

it('shows no secret, neither in a fault nor in what is set', () => {
  const value = fc.string({ minLength: 12, maxLength: 60 }).filter((text) => text.trim() === text);
  fc.assert(
    fc.property(
      fc.constantFrom(...secrets),
      value,
      fc.constantFrom('', 'postgres://', 'smtp://', '{"kty":'),
      (name, text, start) => {
        const faults = faultsOf({ [name]: `${start}${text}` });
        expect(JSON.stringify(faults)).not.toContain(JSON.stringify(text).slice(1, -1));
        expect(settingsSeen({ [name]: `${start}${text}` })).not.toContain(text);
      },
    ),
    { numRuns: 500 },
  );
});
