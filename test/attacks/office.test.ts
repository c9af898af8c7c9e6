import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { hasRedisServer } from '../support/stores.js';
import { flood } from './callers.js';

const password = 'the password of the whole office';
const people = 200;
const limits = [
  'LIMIT_HASH_PER_CLIENT',
  'LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT',
  'LIMIT_SIGN_IN_PER_CLIENT',
  'LIMIT_SIGN_IN_PER_ADDRESS',
];

describe.skipIf(!hasRedisServer)('an office behind one IPv4 address (needs a redis-server on PATH)', () => {
  let latchkey: TestLatchkey;
  beforeAll(async () => {
    const defaults = Object.fromEntries(limits.map((name) => [name, '']));
    latchkey = await startLatchkey({
      env: { ...defaults, TRUST_PROXY: '127.0.0.1', LOG_LEVEL: 'warn' },
      withoutWorker: true,
    });
    await latchkey.signUp('person-0@example.com', password);
    await latchkey.database.query(
      `insert into account (id, email, password_hash, status)
       select gen_random_uuid(), 'person-' || n || '@example.com', a.password_hash, 'active'
         from account a, generate_series(1, ${people - 1}) as n`,
    );
    await latchkey.redis.flushall();
  });
  afterAll(() => latchkey.close());

  it('of 200 people, every tenth of whom mistypes, signs in within minutes, and nobody is refused', {
    timeout: 120_000,
  }, async () => {
    // All in one window, which is the worst that ten minutes can be; four wait for an answer at any moment, where ten
    // minutes have one in three seconds. Who mistyped comes again.
    const tries = Array.from({ length: people }, (_, person) =>
      person % 10 === 0
        ? [
            [person, 'teh password of the office'],
            [person, password],
          ]
        : [[person, password]],
    ).flat() as [number, string][];
    const query = 'mutation($input: SignInInput!) { signIn(input: $input) { __typename } }';
    const answers = await flood(
      latchkey.url,
      tries.length,
      (index) => {
        const [person, text] = tries[index] ?? [0, ''];
        return {
          query,
          variables: { input: { email: `person-${person}@example.com`, password: text } },
          headers: { 'x-forwarded-for': '203.0.113.7' },
        };
      },
      4,
    );
    expect(answers).toEqual({ SignedIn: people, InvalidCredentials: people / 10 });
  });
});
