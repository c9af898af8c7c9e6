import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/observability/log.js';
import { digestOf, parseResetKey } from '../../../src/password-reset/keys/reset-key.js';
import { RateLimiter } from '../../../src/rate-limit/rate-limiter.js';
import { RedisCheck, watchRedis } from '../../../src/stores/redis/health.js';
import { openRedis } from '../../../src/stores/redis/redis.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { startCluster } from '../../support/redis-groups.js';
import { type Server } from '../../support/redis-servers.js';
import { hasRedisServer } from '../../support/stores.js';
import { isReady, mailsTo, released } from './observe.js';

const checkRedis = (redis: ConstructorParameters<typeof RedisCheck>[0]) => new RedisCheck(redis, ['limit:']).check();

const password = 'the password that gets lost';

describe.skipIf(!hasRedisServer)('a cluster (needs a redis-server on PATH)', { timeout: 60_000 }, () => {
  let latchkey: TestLatchkey;
  let cluster: Awaited<ReturnType<typeof startCluster>>;
  beforeAll(async () => {
    // Nodes 0 to 2 are masters and share the hash slots; node 3 is the replica of node 0.
    cluster = await startCluster({ replicas: 1 });
    latchkey = await startLatchkey({ env: { REDIS_URL: cluster.url } });
    await isReady(latchkey, 'ok');
  });
  afterAll(async () => {
    await latchkey?.close();
    await cluster?.stop();
  });
  const node = (index: number) => cluster.nodes[index] as Server;
  const look = async (key: string) => (await latchkey.client.passwordResetKey(key)).__typename;
  const reset = async (key: string, text = 'a quite new password') => {
    const answer = await latchkey.client.resetPassword({ key, password: text });
    return answer.__typename === 'InvalidResetKey' ? answer.reason : answer.__typename;
  };
  const nameOf = (key: string) => {
    const shape = parseResetKey(key);
    return `reset:${shape ? digestOf(shape).toString('base64url') : ''}`;
  };
  /** Makes reset keys for new accounts until each master stores the records of at least two. */
  const keysPerNode = async () => {
    const found: string[][] = [[], [], []];
    for (let person = 0; found.some(({ length }) => length < 2); person++) {
      const email = `person-${person}@example.com`;
      await latchkey.signUp(email, password);
      const key = await latchkey.keyFor(email);
      const slot = Number(await node(2).client.call('cluster', 'keyslot', nameOf(key)));
      found[slot <= 5_460 ? 0 : slot <= 10_922 ? 1 : 2]?.push(key);
    }
    return found;
  };
  let keys: string[][] = [];
  const keyOn = (index: number, which: number) => keys[index]?.[which] ?? '';

  it('takes the whole job, and every master takes a part of it', async () => {
    keys = await keysPerNode();
    const { redis } = latchkey.services;
    const queues = redis instanceof Cluster && redis.nodes().map(({ options }) => options.enableOfflineQueue);
    expect(new Set(queues || [])).toEqual(new Set([false]));
    for (const [first = ''] of keys) expect(await reset(first)).toBe('PasswordResetCompleted');
    for (const each of [0, 1, 2]) {
      const { client } = node(each);
      expect((await client.keys('reset:*')).length, `node ${each}`).toBeGreaterThanOrEqual(2);
      for (const name of await client.keys('*')) expect(await client.ttl(name), name).toBeGreaterThan(0);
    }
  });

  it('counts each limit once, wherever it is counted', async () => {
    const { redis } = latchkey.services;
    const windows = [
      { points: 2, seconds: 60 },
      { points: 3, seconds: 600 },
    ];
    const limiter = new RateLimiter(redis, 'spread', windows, 'fail');
    const people = Array.from({ length: 60 }, (_, index) => `person ${index}`);
    const verdicts = await Promise.all(
      people.map((each) => Promise.all(Array.from({ length: 5 }, () => limiter.take(each)))),
    );
    for (const each of verdicts) expect(each.filter(({ allowed }) => allowed)).toHaveLength(2);
    for (const each of people) expect(await limiter.look(each)).toMatchObject({ allowed: false });
    await Promise.all(people.map((each) => limiter.giveBack(each)));
    const after = await Promise.all(people.map((each) => limiter.take(each)));
    expect(after.every(({ allowed }) => allowed)).toBe(true);
    for (const each of [0, 1, 2]) {
      expect((await node(each).client.keys('limit:spread:*')).length, `node ${each}`).toBeGreaterThan(0);
    }
  });

  it('with a master away: its slots are unavailable, all others work, and it comes back by itself', async () => {
    await node(1).kill();
    await isReady(latchkey, 'degraded');
    expect(
      await eventually(
        () => look(keyOn(2, 1)),
        (answer) => answer === 'ResetKeyValid',
      ),
    ).toBe('ResetKeyValid');
    expect(await look(keyOn(0, 1))).toBe('ResetKeyValid');
    expect([await look(keyOn(1, 1)), await reset(keyOn(1, 1))]).toEqual([
      'TemporarilyUnavailable',
      'TemporarilyUnavailable',
    ]);
    expect(await reset(keyOn(2, 1))).toBe('PasswordResetCompleted');
    const asked = await latchkey.client.requestPasswordReset({ email: 'person-0@example.com' });
    expect(asked.__typename).toBe('PasswordResetRequested');

    await node(1).restart();
    await isReady(latchkey, 'ok');
    expect(await reset(keyOn(1, 1))).toBe('PasswordResetCompleted');
    await released(latchkey);
    await eventually(
      () => mailsTo(latchkey, 'person-0@example.com').length,
      (count) => count === 2,
    );
  });

  it('with a master dead that has a replica: that takes its slots, keys and counters', async () => {
    await eventually(
      () => node(3).client.info('replication'),
      (info) => info.includes('master_link_status:up'),
    );
    const [mine, used] = [keyOn(0, 1), keyOn(0, 0)];
    await eventually(
      () => Promise.all([node(0), node(3)].map(({ client }) => client.dbsize())),
      ([master, replica]) => master === replica,
    );
    await node(0).kill();
    await isReady(latchkey, 'degraded');
    await isReady(latchkey, 'ok');
    expect(await reset(mine)).toBe('PasswordResetCompleted');
    expect(await reset(used, 'the password of a thief')).toBe('USED');
  });

  // Shows: V-43
  it('says that it may evict as soon as one master may', async () => {
    await node(2).client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await checkRedis(latchkey.services.redis)).toBe('evicts');
    const late = openRedis(cluster.url, createLog('silent', 'test'));
    let alarms = 0;
    watchRedis(late, () => {
      alarms++;
    });
    await eventually(
      () => checkRedis(late),
      (health) => health === 'evicts',
    );
    await eventually(
      () => alarms,
      (count) => count > 0,
    );
    late.disconnect();
    await node(2).client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await checkRedis(latchkey.services.redis)).toBe('ok');
  });

  it('all away, and all back', async () => {
    await node(0).restart();
    await Promise.all(cluster.nodes.map((each) => each.kill()));
    await isReady(latchkey, 'degraded');
    const late = openRedis(cluster.url, createLog('silent', 'test'));
    await expect(late.get('anything')).rejects.toThrow();
    const limiter = new RateLimiter(latchkey.services.redis, 'away', [{ points: 1, seconds: 60 }], 'count-here');
    expect([(await limiter.take('one')).allowed, (await limiter.take('one')).allowed]).toEqual([true, false]);
    await Promise.all(cluster.nodes.map((each) => each.restart()));
    await isReady(latchkey, 'ok');
    await eventually(
      () => checkRedis(late),
      (health) => health === 'ok',
      20_000,
    );
    late.disconnect();
    expect(await latchkey.keyFor('person-1@example.com')).toMatch(/^.{43}$/);
  });
});
