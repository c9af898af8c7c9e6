import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { Inbox } from '../../src/dev/inbox/inbox.js';
import { keyIn } from '../support/latchkey.js';
import { killAll, Latchkey, readyz, type Settings } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { createDatabase, createRedis, hasRedisServer, type TestDatabase } from '../support/stores.js';
import { insertAccount } from './accounts.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const [email, password] = ['alice@example.com', 'the password of alice'];
const pemOf = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const [oldSecret, newSecret] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
const [oldKey, newKey] = [pemOf(), pemOf()];

/** The settings before the rotation, and at each of its three steps. */
const steps = [
  { SECRET: oldSecret, ACCESS_TOKEN_SIGNING_KEY: oldKey },
  { SECRET: `${oldSecret},${newSecret}`, ACCESS_TOKEN_SIGNING_KEY: oldKey + newKey },
  { SECRET: `${newSecret},${oldSecret}`, ACCESS_TOKEN_SIGNING_KEY: newKey + oldKey },
  { SECRET: newSecret, ACCESS_TOKEN_SIGNING_KEY: newKey },
] as const;

describe.skipIf(!hasRedisServer)('SECRET and ACCESS_TOKEN_SIGNING_KEY rotate (needs a redis-server on PATH)', () => {
  let database: TestDatabase;
  let redis: EmbeddedRedis;
  let line: Redis;
  let inbox: Inbox;
  let common: Settings;
  beforeAll(async () => {
    [database, redis, inbox] = await Promise.all([createDatabase(), createRedis(), Inbox.start()]);
    line = new Redis(redis.url ?? '');
    common = productionSettings({ database: database.url, redis: redis.url ?? '', smtp: inbox.smtpUrl });
    common = { ...common, SMTP_URL: `${inbox.smtpUrl}?ignoreTLS=true`, NODE_ENV: 'development' };
    await insertAccount(database, email, password);
  });
  afterAll(async () => {
    line.disconnect();
    await killAll();
    await Promise.all([inbox.stop(), redis.stop(), database.drop()]);
  });

  const settingsOf = (step: number): Settings => ({ ...common, ...steps[step] });
  const migrate = async (step: number) => {
    const { DATABASE_URL, SECRET } = settingsOf(step);
    const { code, output, errors } = await Latchkey.run(['migrate', 'up'], { DATABASE_URL, SECRET });
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    return output;
  };
  const startApi = async (step: number) => {
    const api = Latchkey.start(['api'], settingsOf(step));
    const url = await api.url();
    await vi.waitFor(async () => expect(await readyz(url)).toMatchObject({ status: 200 }), 30_000);
    const at = (accessToken?: string) => createLatchkeyClient({ url, accessToken: () => accessToken });
    return {
      kids: async () => {
        const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
        return keys.map(({ kid }) => kid);
      },
      knowsKey: async (key: string) => (await at().passwordResetKey(key)).__typename,
      knowsToken: async (token: string) => (await at(token).me())?.email,
      signIn: async () => {
        const result = await at().signIn({ email, password });
        return result.__typename === 'SignedIn' ? result.accessToken : result.__typename;
      },
      failToSignIn: () => at().signIn({ email, password: 'a wrong password, typed' }),
      request: () => at().requestPasswordReset({ email }),
      stop: () => api.stop('SIGTERM'),
    };
  };
  /** The key of a link that is requested at this API and mailed by a worker with the settings of this step. */
  const mailed = async (step: number, api: Awaited<ReturnType<typeof startApi>>) => {
    const worker = Latchkey.start(['worker'], settingsOf(step));
    const before = new Set(inbox.mails());
    await api.request();
    const key = keyIn(await inbox.waitFor((mail) => !before.has(mail) && mail.text.includes('#key='), 60_000));
    await worker.stop('SIGTERM');
    return key;
  };
  const counters = async () => (await line.keys('limit:sign-in*')).sort();

  it('in three steps, old beside new, without the end of a link, a session, a counter or a name', async () => {
    expect(await migrate(0)).toContain('made the data key');
    const before = await startApi(0);
    const links = [await mailed(0, before)];
    const tokens = [await before.signIn()];
    await before.failToSignIn();
    const names = await counters();
    expect(names.length).toBeGreaterThan(0);
    const [oldKid] = await before.kids();

    const expectAllKnown = async (...apis: Awaited<ReturnType<typeof startApi>>[]) => {
      for (const api of apis) {
        for (const link of links) expect(await api.knowsKey(link)).toBe('ResetKeyValid');
        for (const token of tokens) expect(await api.knowsToken(token)).toBe(email);
        await api.failToSignIn();
      }
      expect(await counters()).toEqual(names);
    };

    expect(await migrate(1)).toBe('the database was at this version already\n');
    const first = await startApi(1);
    tokens.push(await first.signIn());
    await expectAllKnown(before, first);
    const [signing, newKid] = await first.kids();
    expect(signing).toBe(oldKid);
    await before.stop();

    expect(await migrate(2)).toContain('encrypted the data key under the first value of SECRET');
    const second = await startApi(2);
    links.push(await mailed(2, second));
    tokens.push(await second.signIn());
    await expectAllKnown(first, second);
    expect(await second.kids()).toEqual([newKid, oldKid]);
    await first.stop();

    // Links and tokens made under the old values have expired by this step; those of the new values still work.
    links.shift();
    tokens.splice(0, 2);
    const third = await startApi(3);
    await expectAllKnown(second, third);
    expect(await third.kids()).toEqual([newKid]);
    expect(new Set(tokens.filter((token) => !token.includes('.')))).toEqual(new Set());

    const check = await Latchkey.run(['settings', '--check'], { ...settingsOf(3), SUPPORT_URL: 'https://x.example' });
    expect(check).toMatchObject({ code: 0, errors: '' });
    expect(check.output).toContain('SECRET: the data key is encrypted under the first value');
    expect(check.output).toContain(`ACCESS_TOKEN_SIGNING_KEY: ${newKid} signs`);

    // A forgotten step is refused before anything is lost: by `settings --check`, and at the start of a process.
    const forgotten = await Latchkey.run(['settings', '--check'], settingsOf(0));
    expect(forgotten.code).toBe(1);
    expect(forgotten.output).toMatch(/^fault {4}SECRET: no value of SECRET opens the data key/m);
    const refused = await Latchkey.run(['api'], settingsOf(0));
    expect(refused.code).toBe(1);
    expect(refused.errors).toMatch(/^latchkey: no value of SECRET opens the data key/);
    for (const secret of [oldSecret, newSecret]) {
      for (const { output, errors } of [check, forgotten, refused]) expect(output + errors).not.toContain(secret);
    }
  });
});
