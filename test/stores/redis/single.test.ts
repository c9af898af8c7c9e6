import { stat, truncate } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { type Server, startSingle } from '../../support/redis-servers.js';
import { hasRedisServer } from '../../support/stores.js';
import { allKeys, isReady, mailsTo, released } from './observe.js';

const password = 'the password that gets lost';
const alice = 'alice@example.com';
const newPassword = (() => {
  let made = 0;
  return () => `a quite new password ${++made}`;
})();

describe.skipIf(!hasRedisServer)('one server (needs a redis-server on PATH)', { timeout: 60_000 }, () => {
  let latchkey: TestLatchkey;
  let server: Server;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    ({ server, stop } = await startSingle('appendonly yes', 'appendfsync always'));
    latchkey = await startLatchkey({ env: { REDIS_URL: server.url, LIMIT_KEY_FAILURES_PER_CLIENT: '3/900' } });
    await isReady(latchkey, 'ok');
    await latchkey.signUp(alice, password);
  });
  afterAll(async () => {
    await latchkey?.close();
    await stop?.();
  });
  const look = async (key: string) => {
    const answer = await latchkey.client.passwordResetKey(key);
    return answer.__typename === 'InvalidResetKey' ? answer.reason : answer.__typename;
  };
  const unknown = 'A'.repeat(43);
  const restart = async () => {
    await server.kill();
    await server.restart();
    await isReady(latchkey, 'ok');
  };

  // Shows: F-20
  it('killed, with every write on disk: keys live, counters go on', async () => {
    const key = await latchkey.keyFor(alice);
    expect([await look(unknown), await look(unknown)]).toEqual(['UNKNOWN', 'UNKNOWN']);
    await restart();
    expect(await look(key)).toBe('ResetKeyValid');
    expect([await look(unknown), await look(unknown)]).toEqual(['UNKNOWN', 'TooManyRequests']);
  });

  // Shows: F-21
  it('cut off from power, with a write to disk each second: only the last second is gone', async () => {
    const before = await latchkey.keyFor(alice);
    const { size } = await stat(await server.appendOnlyFile());
    const last = await latchkey.keyFor(alice);
    await server.kill();
    await truncate(await server.appendOnlyFile(), size);
    await server.restart();
    await isReady(latchkey, 'ok');
    await server.client.del(await server.client.keys('limit:key-failure-client:*'));
    expect([await look(before), await look(last)]).toEqual(['ResetKeyValid', 'UNKNOWN']);
    expect(await look(await latchkey.keyFor(alice))).toBe('ResetKeyValid');
  });

  // Shows: F-22
  it('killed, without a copy on disk: all keys and counters are gone, and a new request works immediately', async () => {
    const key = await latchkey.keyFor(alice);
    await server.kill();
    await server.empty();
    await server.restart();
    await isReady(latchkey, 'ok');
    expect([await look(key), await look(unknown), await look(unknown)]).toEqual(['UNKNOWN', 'UNKNOWN', 'UNKNOWN']);
    const next = await latchkey.keyFor(alice);
    expect(await latchkey.client.resetPassword({ key: next, password: newPassword() })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
  });

  // Shows: R-13, V-32
  it('killed after a reset: the record is back, and its key changes nothing', async () => {
    const key = await latchkey.keyFor(alice);
    const [used, thief] = [newPassword(), newPassword()];
    expect(await latchkey.client.resetPassword({ key, password: used })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
    await restart();
    expect(await latchkey.client.resetPassword({ key, password: thief })).toMatchObject({
      __typename: 'InvalidResetKey',
      reason: 'USED',
    });
    expect([typeof (await latchkey.signIn(alice, used)), await latchkey.signIn(alice, thief)]).toEqual([
      'string',
      undefined,
    ]);
  });

  // Shows: V-43, F-26
  it('out of memory: no mail without a record, existing keys work, and the mail follows', async () => {
    const [key, mails] = [await latchkey.keyFor(alice), mailsTo(latchkey, alice).length];
    await server.client.config('SET', 'maxmemory', '1');
    expect(await latchkey.client.requestPasswordReset({ email: alice })).toMatchObject({
      __typename: 'PasswordResetRequested',
    });
    await eventually(
      () => latchkey.database.query(`select 1 from job where state = 'retry'`),
      (rows) => rows.length === 1,
    );
    expect(mailsTo(latchkey, alice)).toHaveLength(mails);
    expect(await look(key)).toBe('ResetKeyValid');

    await server.client.config('SET', 'maxmemory', '0');
    await released(latchkey);
    expect(
      await eventually(
        () => mailsTo(latchkey, alice).length,
        (count) => count > mails,
      ),
    ).toBe(mails + 1);
    expect(await latchkey.client.resetPassword({ key, password: newPassword() })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
  });

  it('refusing the record alone: no mail without it, and the mail follows', async () => {
    const mails = mailsTo(latchkey, alice).length;
    await server.client.acl('SETUSER', 'default', 'resetkeys', '~limit:*', '~reset-counted:*');
    await latchkey.client.requestPasswordReset({ email: alice });
    await eventually(
      () => latchkey.database.query(`select 1 from job where state = 'retry'`),
      (rows) => rows.length === 1,
    );
    expect(mailsTo(latchkey, alice)).toHaveLength(mails);
    await server.client.acl('SETUSER', 'default', 'allkeys');
    await released(latchkey);
    await eventually(
      () => mailsTo(latchkey, alice).length,
      (count) => count === mails + 1,
    );
    expect(await look(allKeys(latchkey, alice).at(-1) ?? '')).toBe('ResetKeyValid');
  });

  // Shows: R-39, F-27
  it('frozen: every call ends in its time, nothing piles up, and everything works afterwards', async () => {
    const key = await latchkey.keyFor(alice);
    const { redis } = latchkey.services as unknown as { redis: { commandQueue: unknown[]; offlineQueue: unknown[] } };
    server.freeze();
    const began = Date.now();
    const answers = new Set<string>();
    const timed = async () => {
      const start = Date.now();
      answers.add(await look(key));
      return Date.now() - start;
    };
    let most = 0;
    let longest = 0;
    while (Date.now() - began < 4_500) {
      longest = Math.max(longest, ...(await Promise.all(Array.from({ length: 20 }, timed))));
      most = Math.max(most, redis.commandQueue.length + redis.offlineQueue.length);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect([...answers]).toEqual(['TemporarilyUnavailable']);
    expect(longest).toBeLessThan(5_000);
    // The driver gives up a silent connection after three seconds and fails the commands that wait on it. After that
    // only the handshake of the next connection is queued.
    expect(most).toBeGreaterThanOrEqual(20);
    expect(redis.commandQueue.length + redis.offlineQueue.length).toBeLessThan(20);
    expect(await (await fetch(`${latchkey.url}/readyz`)).json()).toMatchObject({ status: 'degraded' });
    server.thaw();
    await isReady(latchkey, 'ok');
    expect(await latchkey.client.resetPassword({ key, password: newPassword() })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
  });

  // Shows: F-28
  it('down for a while: requests are counted and taken, mails wait, resets say so, and nobody restarts anything', async () => {
    const limited = await startLatchkey({
      env: { REDIS_URL: server.url, LIMIT_RESET_PER_CLIENT: '6/900', LIMIT_KEY_FAILURES_PER_CLIENT: '3/900' },
    });
    try {
      const { client } = limited;
      const people = ['bob@example.com', 'carol@example.com', 'dave@example.com'];
      for (const each of people) await limited.signUp(each, password);
      await server.client.flushall();
      const key = await limited.keyFor('bob@example.com');
      await server.kill();
      await isReady(limited, 'degraded');

      const ask = async (email: string) => (await client.requestPasswordReset({ email })).__typename;
      const asked = [...people, 'nobody@example.com', 'nobody@example.com', 'nobody@example.com', ...people];
      const answers = [];
      for (const each of asked) answers.push(await ask(each));
      expect(answers).toEqual([
        ...Array.from({ length: 6 }, () => 'PasswordResetRequested'),
        ...Array.from({ length: 3 }, () => 'TooManyRequests'),
      ]);
      const end = Date.now() + 4_000;
      while (Date.now() < end) {
        expect(await client.passwordResetKey(key)).toMatchObject({ __typename: 'TemporarilyUnavailable' });
        expect(await client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
          __typename: 'TemporarilyUnavailable',
        });
        expect(await limited.signIn('carol@example.com', password)).toBeTypeOf('string');
        const ready = await fetch(`${limited.url}/readyz`);
        expect([ready.status, await ready.json()]).toEqual([
          200,
          { status: 'degraded', parts: { postgres: 'ok', redis: 'away', jobs: 'ok' }, lines: expect.anything() },
        ]);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(people.map((each) => mailsTo(limited, each).length)).toEqual([1, 0, 0]);

      // However long the jobs still have to wait, they run as soon as Redis is back.
      await limited.database.query(`update job set start_after = now() + interval '1 hour' where state = 'retry'`);
      await server.restart();
      await isReady(limited, 'ok');
      await eventually(
        () => people.map((each) => mailsTo(limited, each).length),
        (counts) => counts.join() === '2,1,1',
      );
      for (const each of [key, ...people.map((person) => allKeys(limited, person).at(-1) ?? '').slice(1)]) {
        expect(await client.resetPassword({ key: each, password: 'a quite new password' })).toMatchObject({
          __typename: 'PasswordResetCompleted',
        });
      }
      // One request before Redis went down and six meanwhile: each job ended once, and none became a dead letter.
      const states = await limited.database.query(
        `select state, count(*)::int from job where name like '%request%' group by state`,
      );
      expect(states).toEqual([{ state: 'completed', count: 7 }]);
    } finally {
      await limited.close();
    }
  });
});
