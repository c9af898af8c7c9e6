import { describe, expect, it } from 'vitest';
import { faultsOf, settingsWith } from './environments.js';

const secret = `whsec_${Buffer.from('0123456789abcdefghijklmn').toString('base64')}`;
const raw = 'correct-horse-battery-staple';
const hook = 'https://app.example/hooks';

describe('EVENTS_URL', () => {
  it('has a secret for each URL, in their order; two of one URL during a rotation', () => {
    const { events } = settingsWith(
      {
        EVENTS_URL: `${hook}, https://app.example/other?b=1,https://Crm.example`,
        EVENTS_SECRET: `${secret}|${raw},${raw},${secret}`,
      },
      'worker',
    );
    const told = events.receivers.map(({ url, name, secrets }) => [url, name, secrets]);
    expect(told).toEqual([
      [hook, 'app.example (1)', [secret, raw]],
      ['https://app.example/other?b=1', 'app.example (2)', [raw]],
      ['https://crm.example/', 'crm.example', [secret]],
    ]);
  });

  it('is enough for a process that does not send', () => {
    expect(faultsOf({ EVENTS_URL: hook }, 'api')).toEqual({});
    expect(faultsOf({ EVENTS_URL: hook }, 'account')).toEqual({});
    expect(faultsOf({ EVENTS_URL: hook }, 'worker')).toEqual({
      EVENTS_SECRET: expect.stringContaining('is not set'),
    });
  });

  it.each([
    ['nonsense', 'at place 1 is none'],
    [`${hook},`, 'at place 2 is none'],
    [`${hook},ftp://app.example/`, 'at place 2 is none'],
    ['https:app.example', 'at place 1 is none'],
    ['https://', 'at place 1 is none'],
    ['https://me:hunter2@app.example/', 'user name or password'],
    ['https://app.example/#part', 'fragment'],
    [`${hook},${hook}`, 'twice'],
    ['https://a.example,https://b.example,https://c.example,https://d.example,https://e.example', 'at most 4'],
    ['http://app.example/hooks', 'production allows https only'],
  ])('%s is refused in one line that does not repeat it', (EVENTS_URL, fault) => {
    const { EVENTS_URL: told, ...others } = faultsOf({ EVENTS_URL }, 'api');
    expect(told).toContain(fault);
    expect(told).not.toMatch(/\n|hunter2|app\.example/);
    expect(others).toEqual({});
  });
});

describe('EVENTS_SECRET', () => {
  it.each([
    ['23 bytes', `whsec_${Buffer.from('0123456789abcdefghijklm').toString('base64')}`],
    ['65 bytes', `whsec_${Buffer.from('0123456789'.repeat(7).slice(0, 65)).toString('base64')}`],
    ['23 characters', 'correct-horse-battery-s'],
    ['one character again and again', 'a'.repeat(32)],
    ['no base64', 'whsec_not-base64-at-all-not-base64-at-all'],
    ['the same twice', `${raw}|${raw}`],
    ['an empty one', `${raw}|`],
    ['none', ','],
  ])('%s is refused, and not shown', (_what, EVENTS_SECRET) => {
    const { EVENTS_SECRET: told, ...others } = faultsOf({ EVENTS_URL: hook, EVENTS_SECRET }, 'worker');
    expect(told).toMatch(/^allowed: a secret for each URL/);
    expect(told).not.toContain(EVENTS_SECRET.length > 1 ? EVENTS_SECRET : 'nothing to show');
    expect(others).toEqual({});
  });

  it.each([
    [{ EVENTS_URL: hook, EVENTS_SECRET: `${raw},${secret}` }, 'has the secrets of 2 URLs, and EVENTS_URL names 1'],
    [{ EVENTS_SECRET: raw }, 'has the secrets of 1 URLs, and EVENTS_URL names 0'],
    [{ EVENTS_URL: hook, EVENTS_SECRET: raw, EVENTS_FORMAT: 'caep' }, 'the key of the JWKS signs'],
  ])('%o does not fit', (change, fault) => {
    expect(faultsOf(change, 'worker')).toEqual({ EVENTS_SECRET: expect.stringContaining(fault) });
  });
});

it('EVENTS_FORMAT=caep makes the workers need the signing key', () => {
  const change = { EVENTS_URL: hook, EVENTS_FORMAT: 'caep', ACCESS_TOKEN_SIGNING_KEY: '' };
  expect(Object.keys(faultsOf(change, 'worker'))).toEqual(['ACCESS_TOKEN_SIGNING_KEY']);
});
