import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { redisFamilies } from '../../../src/services/redis-names.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { hasRedisServer } from '../../support/stores.js';

interface Ready {
  readonly status: number;
  readonly body: { readonly status: string; readonly parts: Readonly<Record<string, string>> };
}

describe.skipIf(!hasRedisServer)('a Redis that answers and is of no use (needs a redis-server on PATH)', () => {
  let latchkey: TestLatchkey;
  const others: TestLatchkey[] = [];
  beforeAll(async () => {
    latchkey = await startLatchkey();
  });
  afterEach(async () => {
    for (const each of others.splice(0)) await each.close();
  });
  afterAll(() => latchkey?.close());

  const ready = async (url = latchkey.url): Promise<Ready> => {
    const response = await fetch(`${url}/readyz`);
    return { status: response.status, body: (await response.json()) as Ready['body'] };
  };
  const says = (redis: string, url?: string) =>
    eventually(
      () => ready(url),
      ({ body }) => body.parts.redis === redis,
    );
  const admin = (...words: string[]) => latchkey.redis.call(words[0] ?? '', ...words.slice(1));

  it('is told apart by the first word of its error, and is usable again afterwards', async () => {
    expect(await says('ok')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const faults: [string, string[], string[]][] = [
      ['full: OOM', ['config', 'set', 'maxmemory', '1'], ['config', 'set', 'maxmemory', '0']],
      ['read-only: READONLY', ['replicaof', '127.0.0.1', '1'], ['replicaof', 'no', 'one']],
      [
        'forbidden: NOPERM',
        ['acl', 'setuser', 'default', 'resetkeys', '~limit:*'],
        ['acl', 'setuser', 'default', '~*'],
      ],
      ['forbidden: NOPERM', ['acl', 'setuser', 'default', '-eval'], ['acl', 'setuser', 'default', '+eval']],
    ];
    for (const [word, fault, mend] of faults) {
      await admin(...fault);
      expect(await says(word), word).toMatchObject({ status: 200, body: { status: 'degraded' } });
      await admin(...mend);
      expect(await says('ok')).toMatchObject({ status: 200, body: { status: 'ok' } });
    }
  });

  it('leaves no name behind, and looks under each beginning that is used', async () => {
    await latchkey.signUp('alice@example.com', 'a password for alice');
    await latchkey.client.signIn({ email: 'alice@example.com', password: 'not the password' });
    await latchkey.keyFor('alice@example.com');
    await says('ok');
    const names = await latchkey.redis.keys('*');
    expect(names.filter((name) => name.includes('health'))).toEqual([]);
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !redisFamilies.some((family) => name.startsWith(family)))).toEqual([]);
  });

  it('is ok for a user without INFO, with a warning that the policy is unknown', async () => {
    await admin('acl', 'setuser', 'default', '-info');
    await admin('client', 'kill', 'type', 'normal', 'skipme', 'yes');
    expect(await says('ok')).toMatchObject({ status: 200 });
    await eventually(
      async () => latchkey.logged(),
      (text) => text.includes('redis-policy-unknown'),
    );
    await admin('acl', 'setuser', 'default', '+info');
  });

  it('says that it refuses the log-in, in the health and in the log', async () => {
    await admin('acl', 'setuser', 'default', 'resetpass', '>another');
    await admin('client', 'kill', 'type', 'normal', 'skipme', 'yes');
    expect(await says('away: WRONGPASS')).toMatchObject({ status: 200, body: { status: 'degraded' } });
    expect(latchkey.logged()).toMatch(/"code":"WRONGPASS"/);
    await admin('acl', 'setuser', 'default', 'nopass');
    expect(await says('ok')).toMatchObject({ status: 200 });
  });

  it('is away with a database number that does not exist, and gets nothing into another', async () => {
    const { host, port } = latchkey.redis.options;
    const other = await startLatchkey({ env: { REDIS_URL: `redis://${host}:${port}/99` } });
    others.push(other);
    expect(await says('away: ERR', other.url)).toMatchObject({ status: 200, body: { status: 'degraded' } });
    expect(other.logged()).toContain('redis-database-missing');
    const before = (await latchkey.redis.keys('*')).length;
    await other.client.requestPasswordReset({ email: 'bob@example.com' });
    expect((await latchkey.redis.keys('*')).length).toBe(before);
  });

  it('is enough with the rights that the operator’s document names', async () => {
    const rights = '~* resetchannels -@all +@connection +@read +@write +@scripting -@dangerous'.split(' ');
    await admin('acl', 'setuser', 'latchkey', 'on', '>secret', ...rights);
    const { host, port } = latchkey.redis.options;
    const other = await startLatchkey({ env: { REDIS_URL: `redis://latchkey:secret@${host}:${port}/1` } });
    others.push(other);
    await other.signUp('carol@example.com', 'a password for carol');
    expect(
      await other.client.resetPassword({
        key: await other.keyFor('carol@example.com'),
        password: 'quite another password',
      }),
    ).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(await says('ok', other.url)).toMatchObject({ body: { status: 'ok' } });
    expect(other.logged()).not.toMatch(/NOPERM/);
  });
});
