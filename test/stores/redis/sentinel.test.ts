import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/observability/log.js';
import { RedisCheck } from '../../../src/stores/redis/health.js';
import { openRedis } from '../../../src/stores/redis/redis.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { startSentinels } from '../../support/redis-groups.js';
import { type Server, startSingle } from '../../support/redis-servers.js';
import { hasRedisServer } from '../../support/stores.js';
import { allKeys, isReady, mailsTo, released } from './observe.js';

const checkRedis = (redis: ConstructorParameters<typeof RedisCheck>[0]) => new RedisCheck(redis, ['limit:']).check();

const password = 'the password that gets lost';
const alice = 'alice@example.com';

describe.skipIf(!hasRedisServer)('Sentinels (need a redis-server on PATH)', { timeout: 60_000 }, () => {
  let latchkey: TestLatchkey;
  let servers: Awaited<ReturnType<typeof startSentinels>>;
  beforeAll(async () => {
    servers = await startSentinels();
    latchkey = await startLatchkey({ env: { REDIS_URL: servers.url } });
    await isReady(latchkey, 'ok');
    for (const each of [alice, 'bob@example.com']) await latchkey.signUp(each, password);
  });
  afterAll(async () => {
    await latchkey?.close();
    await servers?.stop();
  });
  const reset = async (key: string, text: string) => {
    const answer = await latchkey.client.resetPassword({ key, password: text });
    return answer.__typename === 'InvalidResetKey' ? answer.reason : answer.__typename;
  };
  const isReplicated = async (server: Server, names: number) =>
    eventually(
      () => server.client.dbsize(),
      (size) => size >= names,
    );

  // Shows: F-23
  it('lead to the master, which takes the whole job; when it dies, to the promoted replica', async () => {
    const { master, replica } = servers;
    const [first, second] = [await latchkey.keyFor(alice), await latchkey.keyFor('bob@example.com')];
    expect(await reset(first, 'a quite new password')).toBe('PasswordResetCompleted');
    expect(await master.client.keys('reset:*')).toHaveLength(2);
    await isReplicated(replica, await master.client.dbsize());

    await master.kill();
    await isReady(latchkey, 'degraded');
    expect(await reset(second, 'a quite new password')).toBe('TemporarilyUnavailable');
    const asked = await latchkey.client.requestPasswordReset({ email: alice });
    expect(asked.__typename).toBe('PasswordResetRequested');
    await isReady(latchkey, 'ok');
    expect(await replica.client.role()).toContain('master');

    // The unused key from before the failover works. The used key is refused although the replica has its record. The
    // request made during the failover gets its mail.
    expect(await reset(second, 'a quite new password')).toBe('PasswordResetCompleted');
    expect(await reset(first, 'the password of a thief')).toBe('USED');
    await released(latchkey);
    await eventually(
      () => mailsTo(latchkey, alice).length,
      (count) => count === 2,
    );
    expect(await reset(allKeys(latchkey, alice)[1] ?? '', 'one more new password')).toBe('PasswordResetCompleted');
    expect(mailsTo(latchkey, 'bob@example.com')).toHaveLength(1);
  });
});

describe.skipIf(!hasRedisServer)('a client (needs a redis-server on PATH)', { timeout: 60_000 }, () => {
  // Shows: F-24
  it('leaves a demoted master at the first write, and does not send that write again', async () => {
    const { server, url, stop } = await startSingle();
    const redis = openRedis(url, createLog('silent', 'test'));
    try {
      await eventually(
        () => checkRedis(redis),
        (health) => health === 'ok',
      );
      // The server is demoted and closes no connection. The same is seen where a host name moves to another server.
      await server.client.config('SET', 'replica-read-only', 'yes');
      await server.client.call('replicaof', '127.0.0.1', '9');
      await redis.ping().catch(() => undefined);
      await eventually(
        () => redis.info('replication').catch(() => ''),
        (info) => info.includes('role:slave'),
      );
      await eventually(
        () => redis.status,
        (status) => status === 'ready',
      );
      const left = new Promise((resolve) => redis.once('close', resolve));
      await expect(redis.incr('counter')).rejects.toThrow(/READONLY/);
      await left;
      await server.client.call('replicaof', 'no', 'one');
      await eventually(
        () => checkRedis(redis),
        (health) => health === 'ok',
      );
      expect(await redis.incr('counter')).toBe(1);
    } finally {
      redis.disconnect();
      await stop();
    }
  });

  it('follows a master that is changed by hand, and waits for Sentinels and servers that are all down', async () => {
    const { master, replica, sentinels, url, stop } = await startSentinels();
    const all = [master, replica, ...sentinels];
    const redis = openRedis(url, createLog('silent', 'test'));
    const isOk = () =>
      eventually(
        () => checkRedis(redis),
        (health) => health === 'ok',
        20_000,
      );
    try {
      await isOk();
      expect(await redis.set('of the first', '1')).toBe('OK');
      await eventually(
        () => sentinels[0]?.client.call('sentinel', 'failover', 'mymaster').catch((error: Error) => error.message),
        (answer) => answer === 'OK',
      );
      await eventually(
        () =>
          redis.set('of the second', '1').then(
            () => replica.client.get('of the second'),
            (error: Error) => error.message,
          ),
        (value) => value === '1',
        20_000,
      );
      expect(await redis.get('of the first')).toBe('1');

      await Promise.all(all.map((each) => each.kill()));
      await expect(redis.get('anything')).rejects.toThrow();
      const late = openRedis(url, createLog('silent', 'test'));
      // At its first error `late` has asked every Sentinel once.
      await new Promise((resolve) => late.once('error', resolve));
      expect([await checkRedis(redis), await checkRedis(late)]).toEqual(['away', 'away']);
      await Promise.all(all.map((each) => each.restart()));
      await isOk();
      expect(await redis.set('anything', '1')).toBe('OK');
      await eventually(
        () => late.get('anything').catch(() => ''),
        (value) => value === '1',
        20_000,
      );
      late.disconnect();
    } finally {
      redis.disconnect();
      await stop();
    }
  });
});
