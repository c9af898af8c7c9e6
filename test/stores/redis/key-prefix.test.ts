import { afterEach, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { startCluster, startSentinels } from '../../support/redis-groups.js';
import { startSingle } from '../../support/redis-servers.js';
import { hasRedisServer } from '../../support/stores.js';
import { isReady } from './observe.js';

const password = 'the password that gets lost';
const wrong = 'wrong horse battery';

/** Makes every kind of call that writes keys to Redis, with and without success. */
async function callEverything({ client, as, signIn, keyFor, signUp }: TestLatchkey) {
  await signUp('alice@example.com', password);
  await client.signIn({ email: 'alice@example.com', password: wrong });
  await client.signIn({ email: 'nobody@example.com', password: wrong });
  const token = (await signIn('alice@example.com', password)) ?? '';
  await as(token).changePassword({ currentPassword: wrong, newPassword: 'a quite new password' });
  await as(token).changePassword({ currentPassword: password, newPassword: 'a quite new password' });
  await client.passwordResetKey('A'.repeat(43));
  await client.resetPassword({ key: 'B'.repeat(43), password: 'one more new password' });
  const key = await keyFor('alice@example.com');
  expect((await client.resetPassword({ key, password: 'one more new password' })).__typename).toBe(
    'PasswordResetCompleted',
  );
  await client.requestPasswordReset({ email: 'nobody@example.com' });
}

describe.skipIf(!hasRedisServer)('REDIS_KEY_PREFIX (needs a redis-server on PATH)', { timeout: 90_000 }, () => {
  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  async function start(url: string, env: Record<string, string> = {}) {
    const latchkey = await startLatchkey({ env: { REDIS_URL: url, REDIS_KEY_PREFIX: 'acme:', ...env } });
    stops.push(latchkey.close);
    await isReady(latchkey, 'ok');
    return latchkey;
  }

  it.each([
    ['one server', async () => startSingle()],
    ['Sentinels', async () => startSentinels()],
    ['a cluster', async () => startCluster({ replicas: 0 })],
  ])('stands before every name, whatever is called: %s', async (_form, servers) => {
    const store = await servers();
    stops.push(store.stop);
    await callEverything(await start(store.url, { NOTIFY_UNKNOWN_ADDRESS: 'on' }));
    const masters = 'nodes' in store ? store.nodes : 'master' in store ? [store.master] : [store.server];
    const names = (await Promise.all(masters.map(({ client }) => client.keys('*')))).flat();
    expect(names.filter((name) => !name.startsWith('acme:'))).toEqual([]);
    expect(names.filter((name) => name.startsWith('acme:acme:'))).toEqual([]);
    const families = new Set(names.map((name) => name.slice('acme:'.length).replace(/[:{].*/, '')));
    expect([...families].sort()).toEqual(expect.arrayContaining(['limit', 'reset']));
  });

  it('keeps the counters of two brands on one server apart', async () => {
    const store = await startSingle();
    stops.push(store.stop);
    const limits = { LIMIT_RESET_PER_CLIENT: '1/900' };
    const [acme, other] = [
      await start(store.url, limits),
      await start(store.url, { ...limits, REDIS_KEY_PREFIX: 'other.' }),
    ];
    const ask = async ({ client }: TestLatchkey) =>
      (await client.requestPasswordReset({ email: 'nobody@example.com' })).__typename;
    expect([await ask(acme), await ask(acme)]).toEqual(['PasswordResetRequested', 'TooManyRequests']);
    expect([await ask(other), await ask(other)]).toEqual(['PasswordResetRequested', 'TooManyRequests']);
  });
});
