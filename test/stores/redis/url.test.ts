import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingsSeen } from '../../../src/settings/docs.js';
import { parseRedisUrl, RedisUrlError } from '../../../src/stores/redis/url.js';
import { faultsOf } from '../../settings/environments.js';

const nobody = { username: undefined, password: undefined };
const someone = { username: 'user', password: 'p@ss:w/rd+%' };
const secret = 'user:p%40ss%3Aw%2Frd+%25';

describe('REDIS_URL names', () => {
  it.each([
    ['redis://h', { kind: 'single', tls: false, ...nobody, servers: [{ host: 'h', port: 6379 }], database: 0 }],
    [
      'redis://:pw@h:1/',
      {
        kind: 'single',
        tls: false,
        username: undefined,
        password: 'pw',
        servers: [{ host: 'h', port: 1 }],
        database: 0,
      },
    ],
    [
      `rediss://${secret}@[::1]:6380/15`,
      { kind: 'single', tls: true, ...someone, servers: [{ host: '::1', port: 6380 }], database: 15 },
    ],
    [
      'redis://:p@ss@h',
      {
        kind: 'single',
        tls: false,
        username: undefined,
        password: 'p@ss',
        servers: [{ host: 'h', port: 6379 }],
        database: 0,
      },
    ],
  ])('one server: %s', (url, address) => expect(parseRedisUrl(url)).toEqual(address));

  it('Sentinels, with credentials of their own', () => {
    expect(
      parseRedisUrl(
        `rediss+sentinel://${secret}@a,b:1,[fe80::1]:2/3?master=my&sentinel_username=s&sentinel_password=p%26+q`,
      ),
    ).toEqual({
      kind: 'sentinel',
      tls: true,
      ...someone,
      servers: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 1 },
        { host: 'fe80::1', port: 2 },
      ],
      database: 3,
      master: 'my',
      sentinelUsername: 's',
      sentinelPassword: 'p&+q',
    });
    expect(parseRedisUrl('redis+sentinel://a?master=my')).toMatchObject({ tls: false, database: 0, ...nobody });
  });

  it('a cluster', () => {
    const servers = [
      { host: 'a', port: 7000 },
      { host: 'b', port: 6379 },
    ];
    expect(parseRedisUrl(`redis+cluster://${secret}@a:7000,b`)).toEqual({
      kind: 'cluster',
      tls: false,
      ...someone,
      servers,
    });
    expect(parseRedisUrl('rediss+cluster://a:7000,b/0')).toEqual({ kind: 'cluster', tls: true, ...nobody, servers });
  });
});

describe('a REDIS_URL that is malformed', () => {
  it.each([
    ['http://:hunter2hunter2@h', /no URL of a known form/],
    ['redis-sentinel://:hunter2hunter2@h/0?master=my', /no URL of a known form/],
    ['redis+sentinels://:hunter2hunter2@h', /no URL of a known form/],
    ['redis:hunter2hunter2', /no URL of a known form/],
    ['redis://:hunter2hunter2@h#hunter2', /no URL of a known form/],
    ['redis://:hunter2hunter2@', /host that is missing/],
    ['redis://:hunter2/hunter2@h', /host|port/],
    ['redis://:hunter2hunter2@[1.2.3.4]', /host/],
    ['redis://:hunter2hunter2@h ost', /host/],
    ['redis+cluster://:hunter2hunter2@a,,b', /host that is missing/],
    ['redis://:hunter2hunter2@h:0', /port/],
    ['redis://:hunter2hunter2@h:65536', /port/],
    ['redis://:hunter2hunter2@a,b', /several servers/],
    ['redis://:hunter2hunter2@a/hunter2', /database that is not a number/],
    ['redis+sentinel://:hunter2hunter2@a,b/0', /names no master/],
    ['redis+sentinel://:hunter2hunter2@a,b/mymaster/0', /database that is not a number/],
    ['redis+sentinel://a/0?master=my&sentinel_username=hunter2', /sentinel_username without/],
    ['redis+sentinel://a/0?master=my&master=hunter2', /parameter twice/],
    ['redis+sentinel://a/0?master=my&password=hunter2', /parameter that this form does not know/],
    ['redis+cluster://:hunter2hunter2@a,b/1', /a cluster has none/],
    ['redis+cluster://:hunter2hunter2@a?master=hunter2', /parameter that this form does not know/],
    ['redis://:hunter2hunter2@a?autoResendUnfulfilledCommands=true', /parameter that this form does not know/],
    ['redis://hunter2hunter2@a', /without password/],
    ['redis://hunter2:@a', /without password/],
    ['redis://:hunter2%zz@a', /percent-encoded/],
  ])('%s is told what is wrong, and what is allowed, without its password', (url, reason) => {
    const fault = faultsOf({ REDIS_URL: url }).REDIS_URL ?? '';
    expect(fault).toMatch(reason);
    expect(fault).toMatch(/; allowed: redis:\/\/.*redis\+sentinel:\/\/.*redis\+cluster:\/\//);
    expect(fault).not.toContain('hunter2');
  });

  it('is never another error, whatever it is', () => {
    const part = fc.constantFrom(
      'redis',
      's',
      '+sentinel',
      '+cluster',
      '://',
      ':',
      '@',
      ',',
      '/',
      '?master=',
      '&',
      '[',
      ']',
      '%',
      '%41',
      '#',
      'a',
      '1',
      '=',
    );
    const url = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(url, (text) => {
        try {
          expect(parseRedisUrl(text).servers.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(RedisUrlError);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not shown by `latchkey settings` in any form', () => {
    for (const kind of ['redis', 'rediss+sentinel', 'redis+cluster']) {
      expect(
        settingsSeen({ REDIS_URL: `${kind}://user:hunter2hunter2@a/0?master=my&sentinel_password=hunter2` }),
      ).not.toContain('hunter2');
    }
  });
});
