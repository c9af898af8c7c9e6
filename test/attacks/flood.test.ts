import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { hasRedisServer } from '../support/stores.js';
import { type FloodCall, flood } from './callers.js';
import { tell } from './floods/stage.js';

/** Refused calls of each kind: 20,000 with `npm run flood`, which prints the figures. */
const calls = Number(process.env.FLOOD_CALLS ?? 300);
const password = 'the password that gets lost';
const few = '2/900';

describe.skipIf(!hasRedisServer)(
  `${calls} refused calls leave nothing (needs a redis-server on PATH)`,
  {
    timeout: 120_000 + calls * 200,
  },
  () => {
    let open: TestLatchkey;
    let confirming: TestLatchkey;
    let token: string;
    const start = (signUp: 'open' | 'confirm') =>
      startLatchkey({
        env: {
          SIGN_UP: signUp,
          TRUST_PROXY: '127.0.0.1',
          LOG_LEVEL: 'warn',
          LIMIT_SIGN_IN_PER_CLIENT: few,
          LIMIT_SIGN_IN_PER_NETWORK: few,
          LIMIT_SIGN_UP_PER_CLIENT: few,
          LIMIT_SIGN_UP_PER_NETWORK: few,
          LIMIT_RESET_PER_CLIENT: few,
          LIMIT_RESET_PER_NETWORK: few,
          LIMIT_KEY_FAILURES_PER_CLIENT: few,
          LIMIT_KEY_FAILURES_PER_NETWORK: few,
          LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: '1000/900',
        },
        withoutWorker: true,
      });
    beforeAll(async () => {
      [open, confirming] = await Promise.all([start('open'), start('confirm')]);
      await open.signUp('alice@example.com', password);
      token = (await open.signIn('alice@example.com', password)) ?? '';
    });
    afterAll(() => Promise.all([open, confirming].map((latchkey) => latchkey?.close())));

    const address = () => `${randomBytes(8).toString('hex')}@example.com`;
    const key = () => randomBytes(32).toString('base64url');
    const mutation = (name: string, type: string, input: () => object, headers = {}) => ({
      query: `mutation($input: ${type}!) { ${name}(input: $input) { __typename } }`,
      variables: () => ({ input: input() }),
      headers: () => headers,
    });
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    const changed = () => ({ currentPassword: 'wrong horse battery', newPassword: 'a quite new password' });
    const forged = () => `${token.slice(0, token.lastIndexOf('.'))}.${randomBytes(64).toString('base64url')}`;
    const me = { query: '{ __typename me { id } }', variables: () => ({}) };
    const kinds = {
      signIn: mutation('signIn', 'SignInInput', () => ({ email: address(), password })),
      signUp: mutation('signUp', 'SignUpInput', () => ({ email: address(), password })),
      requestPasswordReset: mutation('requestPasswordReset', 'RequestPasswordResetInput', () => ({ email: address() })),
      passwordResetKey: {
        query: 'query($key: String!) { passwordResetKey(key: $key) { __typename } }',
        variables: () => ({ key: key() }),
        headers: () => ({}),
      },
      resetPassword: mutation('resetPassword', 'ResetPasswordInput', () => ({ key: key(), password })),
      changePassword: { ...mutation('changePassword', 'ChangePasswordInput', changed), headers: () => bearer(token) },
      'changePassword, wrong token': {
        ...mutation('changePassword', 'ChangePasswordInput', changed),
        headers: () => bearer(forged()),
      },
      'me, wrong token': { ...me, headers: () => bearer(forged()) },
      'me, malformed token': { ...me, headers: () => bearer(key()) },
      'me, unsigned token': {
        ...me,
        headers: () => bearer(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`),
      },
      'signOutEverywhere, wrong token': {
        query: 'mutation { signOutEverywhere { __typename } }',
        variables: () => ({}),
        headers: () => bearer(forged()),
      },
    };
    /** With `SIGN_UP=confirm`. */
    const confirmed = {
      'signUp, confirmed by mail': kinds.signUp,
      confirmSignUp: mutation('confirmSignUp', 'ConfirmSignUpInput', () => ({ key: key(), password })),
    };
    const all = { ...kinds, ...confirmed };
    /** The possible answers to a refused call of this kind. */
    const refusals = /^(?:TooManyRequests|Unauthenticated|Query)$/;

    const rows = async (latchkey: TestLatchkey) => {
      await latchkey.services.audit.written();
      const tables = await latchkey.database.query<{ name: string }>(
        `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
      );
      const counts = tables.map(({ name }) => `select count(*) as n from ${name}`).join(' union all ');
      const [sum] = await latchkey.database.query<{ n: number }>(
        `select sum(n)::int as n from (${counts}) as all_of_them`,
      );
      return sum?.n ?? Number.NaN;
    };
    const store = async (latchkey: TestLatchkey) => ({
      names: await latchkey.redis.dbsize(),
      rows: await rows(latchkey),
    });

    const sources = {
      'one client': () => ({ 'x-forwarded-for': '203.0.113.7' }),
      'as many /64s of one /32': (index: number) => ({
        'x-forwarded-for': `2001:db8:${(index % 50_021).toString(16)}:${((index * 7) % 65_521).toString(16)}::1`,
      }),
    };

    it.each(Object.keys(all).flatMap((kind) => Object.keys(sources).map((source) => [kind, source] as const)))(
      '%s, from %s',
      async (kindName, sourceName) => {
        const [kind, source] = [all[kindName as keyof typeof all], sources[sourceName as keyof typeof sources]];
        const latchkey = kindName in confirmed ? confirming : open;
        await latchkey.redis.flushall();
        const call =
          (offset: number) =>
          (index: number): FloodCall => ({
            query: kind.query,
            variables: kind.variables(),
            headers: { ...kind.headers(), ...source(index + offset) },
          });
        // These the limits allow.
        const passed = await flood(latchkey.url, 120, call(0));
        const before = await store(latchkey);
        const answers = await flood(latchkey.url, calls, call(1_000));
        const after = await store(latchkey);
        tell(`A1 ${kindName} from ${sourceName}`, { passed, before, answers, after });
        expect(Object.keys(answers).filter((answer) => !refusals.test(answer))).toEqual([]);
        expect(after.names - before.names).toBeLessThanOrEqual(10);
        expect(after.rows - before.rows).toBeLessThanOrEqual(10);
      },
    );
  },
);

describe.skipIf(!hasRedisServer)('a Redis of 8 MB (needs a redis-server on PATH)', { timeout: 120_000 }, () => {
  it('is not filled by sign-ins with new addresses over 64 connections: the owner gets the mail', async () => {
    const latchkey = await startLatchkey({
      env: { LIMIT_HASH_PER_CLIENT: '', LIMIT_SIGN_IN_PER_CLIENT: '5/900', TRUST_PROXY: '127.0.0.1' },
    });
    try {
      await latchkey.signUp('alice@example.com', password);
      await latchkey.redis.config('SET', 'maxmemory', '8mb');
      // With a name for each address the Redis would be full after 40,000 calls; these few show that there is none.
      const names = await latchkey.redis.dbsize();
      const answers = await flood(latchkey.url, 1_500, (index) => ({
        query: 'mutation($input: SignInInput!) { signIn(input: $input) { __typename } }',
        variables: { input: { email: `stranger-${index}@example.com`, password } },
        headers: { 'x-forwarded-for': '203.0.113.7' },
      }));
      expect(answers.TooManyRequests).toBeGreaterThan(1_000);
      expect((await latchkey.redis.dbsize()) - names).toBeLessThan(30);
      expect(await latchkey.keyFor('alice@example.com')).toHaveLength(43);
      const { body } = await latchkey.services.metrics.text();
      expect(body).toMatch(/^latchkey_redis_memory_ratio 0\.\d+$/m);
      expect(body).toMatch(/^latchkey_redis_names\{family="limit"\} [1-9]\d*$/m);
      expect(body).toMatch(/^latchkey_rows\{table="audit_event"\} \d+$/m);
    } finally {
      await latchkey.close();
    }
  });
});
