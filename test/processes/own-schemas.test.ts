import { rm } from 'node:fs/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { Inbox } from '../../src/dev/inbox/inbox.js';
import { queues } from '../../src/services/queues.js';
import { roleDatabase } from '../services/own-schema/role-database.js';
import { eventually } from '../support/eventually.js';
import { keyIn } from '../support/latchkey.js';
import { killAll, Latchkey, main, readyz } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { createRedis, hasRedisServer } from '../support/stores.js';
import { insertAccount } from './accounts.js';
import { buildPatched } from './patched-build.js';

vi.setConfig({ testTimeout: 180_000 });
afterAll(killAll);

/** The last version without schemas of its own: fixed names, no origin. */
const buildLastVersion = () =>
  buildPatched('last', [
    [
      'src/stores/postgres/schemas.ts',
      /return \{ own, jobs: .*\};/,
      () => "return { own: own && 'public', jobs: 'pgboss' };",
    ],
    ['migrations/index.ts', /\n {2}OwnSchemas,/, () => ''],
    ['migrations/index.ts', /import \{ OwnSchemas \}[^\n]*\n/, () => ''],
    ['src/services/services.ts', /const origin = [^;]*;/, () => 'const origin = undefined;'],
    [
      'src/services/own-schema/stand-ins.ts',
      /const table = [^\n]*former_home[^\n]*\n/,
      (found) => `${found}  if (table) return;\n`,
    ],
  ]);

describe.skipIf(!hasRedisServer)('an upgrade to schemas of our own (needs a redis-server on PATH)', () => {
  it('loses no request, key or session; until they are replaced, old processes say that they cannot serve', async () => {
    const last = buildLastVersion();
    const [database, redis, inbox] = await Promise.all([roleDatabase(), createRedis(), Inbox.start()]);
    const settings = {
      ...productionSettings({ database: database.url, redis: redis.url ?? '', smtp: inbox.smtpUrl }),
      LIMIT_RESET_PER_ACCOUNT: '100/3600',
    };
    const [email, first, second] = ['alice@example.com', 'the password that gets lost', 'a quite new password'];
    const mails = () => inbox.mails().filter((mail) => mail.text.includes('#key='));
    const mailed = (count: number) =>
      eventually(
        () => mails().length,
        (have) => have >= count,
      );
    try {
      const { program } = await last;
      const old = (...args: string[]) => Latchkey.of(program, args, { settings });
      expect(await old('migrate', 'up').ended).toMatchObject({ code: 0, errors: '' });
      expect(await database.query('select from pgboss.queue')).toHaveLength(2 * queues.length);
      const [oldApi, oldWorker] = [old('api'), old('worker')];
      const oldClient = createLatchkeyClient({ url: await oldApi.url() });
      await oldWorker.said(/the worker waits for jobs/);
      await insertAccount(database, email, first);

      const signedIn = await oldClient.signIn({ email, password: first });
      if (signedIn.__typename !== 'SignedIn') throw new Error(signedIn.__typename);
      await oldClient.requestPasswordReset({ email });
      await mailed(1);
      const key = keyIn(mails()[0] ?? { text: '' });
      // One more waits, because no worker is there.
      await oldWorker.stop('SIGTERM');
      await oldClient.requestPasswordReset({ email });

      const up = await Latchkey.run(['migrate', 'up'], settings);
      expect(up).toMatchObject({ code: 0, errors: '' });
      expect(up.output).toMatch(/^moved the tables of the last version from the schema public$/m);

      const unavailable = { __typename: 'TemporarilyUnavailable' };
      expect(await oldClient.signIn({ email, password: first })).toMatchObject(unavailable);
      expect(await oldClient.signIn({ email: 'nobody@example.com', password: first })).toMatchObject(unavailable);
      expect(await oldClient.passwordResetKey(key)).toMatchObject(unavailable);
      expect(await oldClient.resetPassword({ key, password: second })).toMatchObject(unavailable);
      expect(await oldClient.requestPasswordReset({ email })).toMatchObject({ __typename: 'PasswordResetRequested' });
      expect((await readyz(await oldApi.url())).status).toBe(200);
      // An old worker that still runs can do nothing with a job, and gives it back.
      const lateWorker = old('worker');
      await lateWorker.said(/job (?:failed|not done)/);

      const worker = Latchkey.of(main, ['worker'], { settings });
      await mailed(3);
      const api = Latchkey.of(main, ['api'], { settings });
      const client = createLatchkeyClient({ url: await api.url(), accessToken: () => signedIn.accessToken });
      expect(await client.me()).toMatchObject({ email });
      // The old API writes to the old queue until it is replaced.
      expect(await oldClient.requestPasswordReset({ email })).toMatchObject({ __typename: 'PasswordResetRequested' });
      await mailed(4);
      expect(await client.resetPassword({ key, password: second })).toMatchObject({
        __typename: 'PasswordResetCompleted',
      });
      expect(await client.signIn({ email, password: second })).toMatchObject({ __typename: 'SignedIn' });
      for (const each of [oldApi, lateWorker]) expect(await each.stop('SIGTERM')).toMatchObject({ code: 0 });
      await inbox.waitFor((mail) => mail.envelope.to.includes(email) && !mail.text.includes('#key='), 20_000);
      expect(await database.query(`select from pgboss.job where state < 'completed'`)).toEqual([]);
      expect(await database.query(`select from latchkey_jobs.job where name like '%-dead'`)).toEqual([]);
      expect(mails()).toHaveLength(4);
      expect(worker.output).toContain('jobs of the last version were taken over');
    } finally {
      await killAll();
      await Promise.all([inbox.stop(), redis.stop()]);
      await database.drop();
      await rm((await last).folder, { recursive: true, force: true });
    }
  });
});
