import { eventually } from '../../../support/eventually.js';
import { readyz } from '../../../support/processes.js';
import { SecretSearch } from '../../../support/secret-search.js';
import type { Attack } from '../attack.js';
import { tokenOf } from '../owner.js';
import { newPassword, password, type Stage } from '../stage.js';

/** Every value in Redis, as text. */
async function dumpRedis(stage: Stage): Promise<string> {
  const names = await stage.redis.keys('*');
  const values = await Promise.all(
    names.map(async (name) => {
      const type = await stage.redis.type(name);
      if (type === 'string') return (await stage.redis.getBuffer(name))?.toString('latin1') ?? '';
      if (type === 'hash') return JSON.stringify(await stage.redis.hgetall(name));
      if (type === 'zset') return (await stage.redis.zrange(name, '0', '-1')).join(' ');
      if (type === 'list') return (await stage.redis.lrange(name, 0, -1)).join(' ');
      return (await stage.redis.smembers(name).catch(() => [])).join(' ');
    }),
  );
  return names.map((name, index) => `${name} ${values[index]}`).join('\n');
}

/** Every row of every table, as text. */
async function dumpPostgres(stage: Stage): Promise<string> {
  const tables = await stage.database.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => stage.database.query<{ row: string }>(`select t::text as row from ${name} t`)),
  );
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

const secrets: Attack = {
  ids: ['V-26', 'V-12'],
  title: 'keys, passwords and tokens in logs, rows and Redis',
  needs: 'stage',
  run: async (stage, findings) => {
    await stage.beside({ settings: { LOG_LEVEL: 'trace' } }, async (other) => {
      const search = new SecretSearch();
      const live: { key: string; word: string }[] = [];
      for (let count = 0; count < 6; count++) {
        const owner = await other.withKey();
        const word = `secret words number ${count} of the owner`;
        const unknown = `unknownkey${count}${'A'.repeat(32)}`;
        search.addSecret(Buffer.from(word), `password ${count}`);
        search.addSecret(Buffer.from(owner.key), `key ${count}`);
        search.addSecret(Buffer.from(owner.key, 'base64url'), `bytes of key ${count}`);
        live.push({ key: owner.key, word });
        const caller = other.stranger();
        await caller.client.passwordResetKey(owner.key);
        await caller.client.resetPassword({ key: unknown, password: word });
        await caller.client.signIn({ email: owner.email, password: word });
        await caller.client.signUp({ email: other.address(), password: word });
        await caller.client.confirmSignUp({ key: owner.key, password: word });
        await caller.get(`/reset-password%23key=${owner.key}`);
        await caller.get(`/reset-password?key=${owner.key}`);
        await caller.get(`/nothing/${owner.key}`);
        await caller.post(`{"query": "${owner.key} ${word}`);
        await caller.post({
          query: `mutation { resetPassword(input: { key: "${owner.key}", password: 5 }) { __typename } }`,
        });
        if (count % 2) continue;
        await caller.client.resetPassword({ key: owner.key, password: word });
        const token = (await tokenOf(other, owner.email, word)) ?? '';
        search.addSecret(Buffer.from(token.split('.')[2] ?? '', 'base64url'), `signature ${count}`);
        await caller.as(token).changePassword({ currentPassword: word, newPassword: `${word}!` });
      }
      await other.settled();
      findings.tried += live.length * 12;
      const texts = {
        'what the processes wrote': other.written(),
        PostgreSQL: await dumpPostgres(other),
        Redis: await dumpRedis(other),
      };
      for (const [name, text] of Object.entries(texts)) {
        findings.note(`something in ${name}`, text.length > 500, text);
        findings.expect(name, search.open()(Buffer.from(text, 'latin1')), []);
        findings.note(
          `beginnings in ${name}`,
          live.every(({ key }) => !text.includes(key.slice(0, 12))),
          'the first twelve characters of a key',
        );
      }
      const addresses = other.written().match(/[\w.-]+@kit\.example/g) ?? [];
      findings.expect('addresses in what the processes wrote', [...new Set(addresses)], []);
    });
    return 'in none of them, in no form';
  },
};

const eviction: Attack = {
  ids: ['V-43'],
  title: 'a Redis that forgets keys, or that is full',
  needs: 'stage',
  run: async (stage, findings) => {
    await stage.beside({}, async (other) => {
      const url = other.urls[0] ?? '';
      const owner = await other.withKey();
      for (const policy of ['allkeys-lru', 'volatile-ttl']) {
        const alarms = () => other.written().split('"reason":"redis-evicts"').length;
        const before = alarms();
        await other.redis.config('SET', 'maxmemory-policy', policy);
        // Processes ask for the policy whenever they connect.
        await other.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        const told = await eventually(alarms, (count) => count > before, 60_000).then(
          () => true,
          () => false,
        );
        findings.note(`a word about ${policy}`, told, 'nothing is said');
      }
      await other.redis.config('SET', 'maxmemory-policy', 'noeviction');
      await other.redis.config('SET', 'maxmemory', '1mb');
      const mails = other.inbox.mails().length;
      const asked = await other.account();
      const request = await other
        .stranger()
        .client.requestPasswordReset({ email: asked.email })
        .then(({ __typename }) => __typename, String);
      findings.note('a request', /PasswordResetRequested|TemporarilyUnavailable|unavailable/.test(request), request);
      const reset = await other
        .stranger()
        .client.resetPassword({ key: owner.key, password: newPassword })
        .then(({ __typename }) => __typename, String);
      findings.note(
        'a reset with a good key',
        /PasswordResetCompleted|TemporarilyUnavailable|unavailable/.test(reset),
        reset,
      );
      const health = await eventually(
        () => readyz(url),
        ({ body }) => /degraded|OOM/.test(JSON.stringify(body)),
        60_000,
      ).catch(() => readyz(url));
      findings.note('the health', /OOM/.test(JSON.stringify(health.body)), health);
      findings.expect(
        'mails without a record',
        other.inbox
          .mails()
          .slice(mails)
          .filter(({ text }) => text.includes('#key=')).length,
        0,
      );
      await other.redis.config('SET', 'maxmemory', '0');
      if (reset !== 'PasswordResetCompleted') {
        const later = await eventually(
          () =>
            other
              .stranger()
              .client.resetPassword({ key: owner.key, password: newPassword })
              .then(({ __typename }) => __typename, String),
          (kind) => !/unavailable/i.test(kind),
          60_000,
        );
        findings.expect('the key afterwards', later, 'PasswordResetCompleted');
      }
    });
    return 'said in health and log; no key is called wrong, and no mail leaves without a record';
  },
};

const prefix: Attack = {
  ids: ['E29'],
  title: 'another program’s names in a shared Redis, and a user without INFO',
  needs: 'stage',
  run: async (stage, findings) => {
    await stage.beside({ settings: { REDIS_KEY_PREFIX: 'acme:' } }, async (other) => {
      await other.redis.set('reset:of-somebody-else', 'kept');
      await other.redis.set('limit:of-somebody-else', 'kept');
      const { email, key } = await other.withKey();
      await other.stranger().client.signIn({ email, password: 'wrong words' });
      await other.stranger().client.signUp({ email: other.address(), password: newPassword });
      await other.stranger().client.resetPassword({ key, password: newPassword });
      await other.settled();
      const names = await other.redis.keys('*');
      findings.note('names', names.length > 3, names);
      findings.expect('names without the prefix', names.filter((name) => !name.startsWith('acme:')).sort(), [
        'limit:of-somebody-else',
        'reset:of-somebody-else',
      ]);
      await other.redis.acl('SETUSER', 'default', '-info');
      const { status } = await eventually(
        () => readyz(other.urls[0] ?? ''),
        ({ status }) => status === 200,
        30_000,
      ).catch(() => ({ status: 0 }));
      findings.expect('the health of a user without INFO', status, 200);
      findings.expect('a key of theirs', (await other.withKey()).key.length, 43);
      await other.redis.acl('SETUSER', 'default', '+info');
    });
    return 'our names alone have the prefix, and others stay';
  },
};

const endless: Attack = {
  ids: ['V-44'],
  title: 'names in Redis that stay for ever, after all attacks',
  needs: 'stage',
  run: async (stage, findings) => {
    const { email, key } = await stage.withKey();
    for (let count = 0; count < 3; count++) await stage.stranger().client.signIn({ email, password: 'wrong words' });
    await stage.stranger().client.resetPassword({ key, password });
    await stage.settled();
    const names = (await stage.redis.keys('*')).filter((name) => !/somebody-else/.test(name));
    for (const name of names) {
      const ttl = await stage.redis.ttl(name);
      // -2: it ended meanwhile.
      findings.note(name.replace(/:.*/, ':…'), ttl !== -1 && ttl <= 31 * 86_400, `${ttl} s`);
    }
    return `${names.length} names, each with an end`;
  },
};

export const stores: readonly Attack[] = [secrets, eviction, prefix, endless];
