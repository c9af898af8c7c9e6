import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { packageFolder } from '../../src/package-files.js';
import { digestOf, mintResetKey } from '../../src/password-reset/keys/reset-key.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { killAll, Latchkey, mainInFiles, readyz, type Settings } from '../support/processes.js';
import { newSecrets, productionSettings } from '../support/production-settings.js';
import { hasRedisServer } from '../support/stores.js';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const old = 'the password that gets lost';
const chosen = 'a quite new password';
const node = [process.execPath, '--import', join(packageFolder, 'test/processes/crash-at.mjs')];

describe.skipIf(!hasRedisServer)('an API that is killed (needs a redis-server on PATH)', () => {
  /** The API beside it, which nothing happens to. */
  let latchkey: TestLatchkey;
  let settings: Settings;
  let people = 0;

  beforeAll(async () => {
    const secrets = newSecrets();
    // Written here, and sent nowhere: nothing listens there.
    const events = { EVENTS_URL: 'https://127.0.0.1:9/', EVENTS_SECRET: 'correct-horse-battery-staple' };
    latchkey = await startLatchkey({ env: { ...secrets, ...events }, withoutWorker: true });
    const stores = {
      database: latchkey.database.url,
      redis: latchkey.settings.redis.url,
      smtp: latchkey.inbox.smtpUrl,
    };
    settings = { ...productionSettings(stores), ...secrets, ...events };
  });
  afterAll(async () => {
    await killAll();
    await latchkey.close();
  });

  const isReady = (url: string) =>
    vi.waitFor(async () => expect(await readyz(url)).toMatchObject({ status: 200 }), 60_000);
  const opens = async (email: string, password: string) => (await latchkey.signIn(email, password)) !== undefined;

  /** Starts an API that dies at that place, and makes the call that kills it. */
  async function killedAt(place: string, call: (url: string) => Promise<unknown>) {
    const api = Latchkey.of(mainInFiles, ['api'], { settings: { ...settings, CRASH_AT: place }, node });
    const url = await api.url();
    await isReady(url);
    api.child.kill('SIGUSR2');
    await api.said(/^armed$/m);
    const answer = await call(url).catch((error: Error) => error);
    expect(answer, 'no answer came').toBeInstanceOf(Error);
    expect(await api.ended).toMatchObject({ signal: 'SIGKILL' });
  }

  async function someone() {
    const email = `person.${++people}@example.com`;
    const accountId = await latchkey.signUp(email, old);
    const key = mintResetKey();
    const expiresAt = new Date(Date.now() + 3_600_000);
    await latchkey.services.resetKeys.remember(digestOf(key), { accountId, credentialVersion: 1, expiresAt }, 3_600);
    const token = (await latchkey.signIn(email, old)) ?? '';
    const { me } = latchkey.as(token);
    const count = async (sql: string) =>
      (await latchkey.database.query<{ n: number }>(`select count(*)::int as n from ${sql}`, [accountId]))[0]?.n;
    /** How often the change is there, in each of the tables that must have it in one commit. */
    const changes = async () => [
      ((
        await latchkey.database.query<{ version: number }>(
          'select credential_version as version from account where id = $1',
          [accountId],
        )
      )[0]?.version ?? 0) - 1,
      await count('reset_receipt where account_id = $1'),
      await count(`audit_event where account_id = $1 and kind = 'reset.completed'`),
      await count(`job where name = 'credential-notice' and data ->> 'accountId' = $1`),
      await count(`job where name = 'events-1' and data -> 'event' ->> 'accountId' = $1`),
    ];
    const reset = (url: string, password = chosen) => createLatchkeyClient({ url }).resetPassword({ key, password });
    return { email, me, changes, reset };
  }

  // Shows: F-02, F-03
  it.each([
    ['while it hashes', 'PasswordHash.replace~'],
    ['within the transaction', 'Accounts.replacePassword>'],
  ])('%s, has changed nothing, and the same call succeeds at another', async (_when, place) => {
    const { email, me, changes, reset } = await someone();
    await killedAt(place, reset);
    expect(await changes()).toEqual([0, 0, 0, 0, 0]);
    expect(await me()).toMatchObject({ email });
    expect(await opens(email, old)).toBe(true);
    expect(await reset(latchkey.url)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(await changes()).toEqual([1, 1, 1, 1, 1]);
    expect([await opens(email, chosen), await opens(email, old)]).toEqual([true, false]);
  });

  // Shows: F-04
  it('while COMMIT is under way, has changed all or nothing, and the same call succeeds at another', async () => {
    const { email, me, changes, reset } = await someone();
    await killedAt('commit', reset);
    // PostgreSQL may still be at it, and holds the row until then.
    await latchkey.database.query('select 1 from account where email = $1 for update', [email]);
    const [first, ...others] = await changes();
    expect(others).toEqual([first, first, first, first]);
    expect(await opens(email, first === 1 ? chosen : old)).toBe(true);
    expect((await me()) === null).toBe(first === 1);
    expect(await reset(latchkey.url)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(await changes()).toEqual([1, 1, 1, 1, 1]);
    expect([await opens(email, chosen), await opens(email, old)]).toEqual([true, false]);
  });

  // Shows: F-05
  it('after COMMIT, has changed all, and the same call says so at another; a different one is refused', async () => {
    const { email, me, changes, reset } = await someone();
    await killedAt('Accounts.transaction>', reset);
    expect(await changes()).toEqual([1, 1, 1, 1, 1]);
    expect([await opens(email, chosen), await opens(email, old)]).toEqual([true, false]);
    expect(await me()).toBeNull();
    expect(await reset(latchkey.url, 'the password of a thief')).toMatchObject({ __typename: 'InvalidResetKey' });
    expect(await reset(latchkey.url)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(await changes()).toEqual([1, 1, 1, 1, 1]);
  });

  // Shows: F-07
  it('between the row of a request and its answer, has accepted it: one mail', async () => {
    const { email } = await someone();
    await killedAt('JobQueue.enqueue>', (url) => createLatchkeyClient({ url }).requestPasswordReset({ email }));
    await latchkey.startWorker();
    await latchkey.inbox.waitFor(({ to, text }) => to.includes(email) && text.includes('#key='), 60_000);
    const rows = await vi.waitFor(async () => {
      const found = await latchkey.database.query<{ state: string }>(
        `select state::text from job where name = 'password-reset-request' and data ->> 'email' = $1`,
        [email],
      );
      expect(found).toEqual([{ state: 'completed' }]);
      return found;
    });
    expect(rows).toHaveLength(1);
    expect(latchkey.inbox.mails().filter(({ to, text }) => to.includes(email) && text.includes('#key='))).toHaveLength(
      1,
    );
  });
});
