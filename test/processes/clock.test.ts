import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { Inbox } from '../../src/dev/inbox/inbox.js';
import { packageFolder } from '../../src/package-files.js';
import { keyIn } from '../support/latchkey.js';
import { killAll, Latchkey, main, readyz, type Settings } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { createDatabase, createRedis, hasRedisServer, type TestDatabase } from '../support/stores.js';
import { insertAccount } from './accounts.js';

vi.setConfig({ testTimeout: 120_000 });

const hours = 3_600;
const days = 86_400;
const password = 'the password that gets lost';
const node = [process.execPath, '--import', join(packageFolder, 'test/processes/wrong-clock.mjs')];

describe.skipIf(!hasRedisServer)('a machine whose clock is wrong (needs a redis-server on PATH)', () => {
  let database: TestDatabase;
  let redis: EmbeddedRedis;
  let inbox: Inbox;
  let settings: Settings;
  let right: string;

  beforeAll(async () => {
    [database, redis, inbox] = await Promise.all([createDatabase(), createRedis(), Inbox.start()]);
    settings = {
      ...productionSettings({ database: database.url, redis: redis.url ?? '', smtp: inbox.smtpUrl }),
      LIMIT_RESET_PER_CLIENT: '2/900',
    };
    right = await startApi(0);
  });
  afterAll(async () => {
    await killAll();
    await Promise.all([inbox.stop(), redis.stop(), database.drop()]);
  });

  async function startApi(off: number): Promise<string> {
    const api = Latchkey.of(main, ['api'], { settings: { ...settings, CLOCK_OFF: String(off) }, node });
    const url = await api.url();
    await vi.waitFor(async () => expect(await readyz(url)).toMatchObject({ status: 200 }), 60_000);
    const said = JSON.parse(api.output.split('\n').find((line) => line.includes('the API listens')) ?? '{}').time;
    expect(Math.abs(Date.parse(said) - Date.now() - off * 1000)).toBeLessThan(60_000);
    return url;
  }

  const seconds = (from: Date, to: string | number) => (Number(new Date(to)) - from.getTime()) / 1000;

  // Shows: R-13, V-45, ASVS 7.3.2
  it.each([
    ['2 hours behind', -2 * hours],
    ['30 days ahead', 30 * days],
  ])('%s: keys, tokens and limits live as they are set', async (name, off) => {
    const email = `${name.replaceAll(' ', '-')}@example.com`;
    await Promise.all([
      insertAccount(database, email, password),
      database.query('truncate audit_event'),
      redis.url && flush(redis.url),
    ]);
    const worker = Latchkey.of(main, ['worker'], { settings: { ...settings, CLOCK_OFF: String(off) }, node });
    const wrong = await startApi(off);
    const [here, there] = [createLatchkeyClient({ url: right }), createLatchkeyClient({ url: wrong })];

    // A token of either API is valid at the other, and expires after 15 minutes.
    for (const [maker, other] of [
      [there, right],
      [here, wrong],
    ] as const) {
      const session = await maker.signIn({ email, password });
      if (session.__typename !== 'SignedIn') throw new Error(`sign-in ended with ${session.__typename}`);
      expect(seconds(new Date(), session.expiresAt)).toBeGreaterThan(900 - 60);
      expect(seconds(new Date(), session.expiresAt)).toBeLessThan(900 + 60);
      const { iat, exp } = JSON.parse(Buffer.from(session.accessToken.split('.')[1] ?? '', 'base64url').toString());
      expect(exp - iat).toBe(900);
      const { accessToken } = session;
      expect((await createLatchkeyClient({ url: other, accessToken: () => accessToken }).me())?.email).toBe(email);
    }

    // Requests at the API with the wrong clock count at the other one, too, and the window is as set: 900 s.
    expect((await there.requestPasswordReset({ email })).__typename).toBe('PasswordResetRequested');
    expect((await here.requestPasswordReset({ email: 'nobody@example.com' })).__typename).toBe(
      'PasswordResetRequested',
    );
    for (const each of [here, there]) {
      const refused = await each.requestPasswordReset({ email });
      if (refused.__typename !== 'TooManyRequests') throw new Error(`not limited: ${refused.__typename}`);
      expect(refused.retryAfterSeconds).toBeGreaterThan(900 - 60);
      expect(refused.retryAfterSeconds).toBeLessThanOrEqual(900);
    }

    // The worker with the wrong clock neither drops the request nor calls it superseded, and its key lives an hour.
    const key = keyIn(await inbox.waitFor(({ to, text }) => to.includes(email) && text.includes('#key='), 20_000));
    const looks = await Promise.all([here.passwordResetKey(key), there.passwordResetKey(key)]);
    for (const look of looks) {
      if (look.__typename !== 'ResetKeyValid') throw new Error(`not valid: ${look.__typename}`);
      expect(seconds(new Date(), look.expiresAt)).toBeGreaterThan(3_600 - 60);
      expect(seconds(new Date(), look.expiresAt)).toBeLessThanOrEqual(3_600 + 60);
    }
    expect((await there.resetPassword({ key, password: 'a quite new password' })).__typename).toBe(
      'PasswordResetCompleted',
    );
    expect((await here.resetPassword({ key, password: 'another new password' })).__typename).toBe('InvalidResetKey');
    await inbox.waitFor(({ to, text }) => to.includes(email) && !text.includes('#key='), 20_000);
    expect(await worker.stop('SIGTERM')).toMatchObject({ code: 0 });
    expect(worker.output).not.toMatch(/TimeoutNegativeWarning|"level":"(?:error|fatal)"/);
  });
});

async function flush(url: string): Promise<void> {
  const line = new Redis(url);
  await line.flushall();
  line.disconnect();
}
