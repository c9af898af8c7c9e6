import type { Cluster, Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/observability/log.js';
import { RateLimiter } from '../../../src/rate-limit/rate-limiter.js';
import { RedisCheck } from '../../../src/stores/redis/health.js';
import { openRedis } from '../../../src/stores/redis/redis.js';
import { eventually } from '../../support/eventually.js';
import { keyIn, startLatchkey } from '../../support/latchkey.js';
import { startCluster } from '../../support/redis-groups.js';
import { startSingle } from '../../support/redis-servers.js';
import { hasRedisServer } from '../../support/stores.js';
import { AnswerLoss } from './answer-loss.js';

const password = 'the password that gets lost';
const stops: (() => unknown)[] = [];
afterAll(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Makes a function that waits until Redis is well. Each check listens on the client, so there is one. */
function healthOf(redis: Redis | Cluster) {
  const health = new RedisCheck(redis, ['limit:']);
  return () =>
    eventually(
      () => health.check(),
      (found) => found === 'ok',
      20_000,
    );
}

/** Waits longer than the driver does before it reconnects and could send a command again. */
const untilResent = () => new Promise((resolve) => setTimeout(resolve, 1_000));

describe.skipIf(!hasRedisServer)('an answer that is lost (needs a redis-server on PATH)', () => {
  // Shows: V-31, F-25
  it('of one server is an error, and its command is not sent again', async () => {
    const { server, url, stop } = await startSingle();
    const gate = await AnswerLoss.before(server.port);
    const redis = openRedis(url.replace(`:${server.port}`, `:${gate.port}`), createLog('silent', 'test'));
    stops.push(
      stop,
      () => gate.stop(),
      () => redis.disconnect(),
    );
    const isOk = healthOf(redis);
    await isOk();

    gate.lose(['incr']);
    await expect(redis.incr('counter')).rejects.toThrow();
    await isOk();
    await untilResent();
    expect(await redis.get('counter')).toBe('1');
  });

  it('of a node of a cluster, too, whether a command, a script or a transaction', async () => {
    const gates: AnswerLoss[] = [];
    const cluster = await startCluster({
      announce: async (port) => {
        const gate = await AnswerLoss.before(port);
        gates.push(gate);
        return gate.port;
      },
    });
    const redis = openRedis(cluster.url, createLog('silent', 'test'));
    stops.push(
      cluster.stop,
      () => gates.map((each) => each.stop()),
      () => redis.disconnect(),
    );
    const isOk = healthOf(redis);
    const lose = (name: string) => gates.map((each) => each.lose([name]));
    const limiter = new RateLimiter(redis, 'lost', [{ points: 9, seconds: 60 }], 'fail');
    await isOk();

    lose('incr');
    await expect(redis.incr('counter')).rejects.toThrow();
    await isOk();
    lose('eval');
    await expect(limiter.take('somebody')).rejects.toThrow();
    await isOk();
    lose('exec');
    await expect(redis.multi().incr('other').pttl('other').exec()).rejects.toThrow();
    await isOk();
    await untilResent();
    expect(gates.map(({ lost }) => lost).filter(Boolean)).toEqual(['exec']);
    const asked = [redis.get('counter'), redis.get('limit:lost:60:somebody'), redis.get('other')];
    expect(await Promise.all(asked)).toEqual(['1', '1', '1']);
  });

  // Shows: V-31, F-25
  it('burns no key and costs no mail, whichever command of the job it was', async () => {
    const { server, url, stop } = await startSingle();
    const gate = await AnswerLoss.before(server.port);
    const latchkey = await startLatchkey({ env: { REDIS_URL: url.replace(`:${server.port}`, `:${gate.port}`) } });
    stops.push(stop, () => gate.stop(), latchkey.close);
    const { client, database } = latchkey;
    const commands = ['eval', 'evalsha', 'set', 'get', 'exec', 'del', 'exists'];
    const lost: (string | undefined)[] = [];
    const isOk = healthOf(latchkey.services.redis);
    await isOk();
    const people = [0, 1, 2, 3, 4].map((each) => `person-${each}@example.com`);
    for (const each of people) await latchkey.signUp(each, password);
    const keys = () => {
      const links = latchkey.inbox.mails().filter(({ text }) => text.includes('#key='));
      return new Map(links.map((mail) => [String(mail.to), keyIn(mail)]));
    };
    /** Puts the jobs that failed off by an hour, also when Redis is back, so that none runs during the next round. */
    const postponed = () =>
      database.query(
        `update job set start_after = now() + interval '1 hour', output = output - 'waitsFor'
         where state = 'retry' returning id`,
      );

    let waiting = 0;
    for (const [passing, email] of people.entries()) {
      gate.lose(commands, passing);
      expect(await client.requestPasswordReset({ email })).toMatchObject({ __typename: 'PasswordResetRequested' });
      await eventually(
        async () => (await postponed()).length + keys().size,
        (done) => done > waiting,
      );
      waiting = (await postponed()).length + keys().size;
      // The job sends its last command after the mail, so a mail does not tell that this command was sent.
      if (passing === people.length - 1) await eventually(() => Promise.resolve(gate.lost), Boolean);
      // The driver sends the text of a script (EVAL), or its digest (EVALSHA) where the server has the script already.
      lost.push(gate.lost?.replace('evalsha', 'eval'));
      // The health check writes and reads as well. It must not lose an answer in place of the job.
      gate.lose([]);
      await isOk();
    }
    // The request's limits are counted in one step. The job takes the budget (get, eval), writes the record, sends
    // the mail, and reads the budget again.
    expect(lost).toEqual(['eval', 'get', 'eval', 'set', 'get']);
    gate.lose([]);
    await database.query(`update job set start_after = now() where state = 'retry'`);
    await eventually(
      async () => {
        // Each new job wakes the worker, which otherwise looks for old ones every five seconds.
        await client.requestPasswordReset({ email: 'nobody@example.com' });
        return keys().size;
      },
      (count) => count === people.length,
      20_000,
    );

    const redeem = async (key: string) => {
      const calls = [
        () => client.passwordResetKey(key),
        () => client.resetPassword({ key, password: 'a quite new password' }),
      ];
      const answers: string[] = [];
      for (const call of calls) {
        const { __typename: first } = await call();
        answers.push(first);
        if (first === 'TemporarilyUnavailable') {
          await isOk();
          answers.push((await call()).__typename);
        }
      }
      return [gate.lost, ...answers];
    };
    const outcomes = [];
    for (const [passing, email] of people.entries()) {
      gate.lose(commands, passing);
      outcomes.push(await redeem(keys().get(email) ?? ''));
      await isOk();
    }
    const fine = ['ResetKeyValid', 'PasswordResetCompleted'];
    expect(outcomes).toEqual([
      ['get', 'TemporarilyUnavailable', ...fine],
      ['get', 'ResetKeyValid', 'TemporarilyUnavailable', 'PasswordResetCompleted'],
      // A reset sends no further command to Redis.
      ...people.slice(2).map(() => [undefined, ...fine]),
    ]);
    expect(latchkey.inbox.mails().filter(({ text }) => text.includes('#key='))).toHaveLength(people.length);
  }, 60_000);
});
