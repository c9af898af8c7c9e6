import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey } from '../support/latchkey.js';
import { Latchkey, mainInFiles } from '../support/processes.js';
import { newSecrets, productionSettings } from '../support/production-settings.js';
import { hasRedisServer } from '../support/stores.js';
import { startHook, told } from './hook.js';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const node = [process.execPath, '--import', join(packageFolder, 'test/processes/crash-at.mjs')];

it.skipIf(!hasRedisServer)(
  'a worker that is killed before it sends, and one between the answer and the commit, lose no event, and what comes again is known by its id (needs a redis-server on PATH)',
  { timeout: 240_000 },
  async () => {
    const hook = await startHook();
    const env = { ...newSecrets(), EVENTS_URL: hook.url, EVENTS_SECRET: 'correct-horse-battery-staple' };
    const latchkey = await startLatchkey({ env, withoutWorker: true });
    stops.push(hook.close, latchkey.close);
    const { database, inbox, settings, services } = latchkey;
    const stores = { database: database.url, redis: settings.redis.url, smtp: inbox.smtpUrl };
    const ofWorker = { ...productionSettings(stores), ...env, NODE_ENV: 'development' };

    /** Starts a worker that dies when it reaches this place for the first time, and waits for its death. */
    async function dies(place: string): Promise<void> {
      const crash = { CRASH_AT: place, CRASH_FROM_START: '1' };
      const worker = Latchkey.of(mainInFiles, ['worker'], { settings: { ...ofWorker, ...crash }, node });
      stops.push(() => worker.stop('SIGKILL'));
      expect(await worker.ended).toMatchObject({ signal: 'SIGKILL' });
      // The lease of what it worked on would end after 30 s.
      await database.query(
        `update job set started_on = now() - interval '1 h', heartbeat_on = now() - interval '1 h' where state = 'active'`,
      );
    }

    const id = crypto.randomUUID();
    for (const type of ['password.reset', 'sessions.ended'] as const) {
      await services.accounts.transaction((transaction) =>
        services.credentialEvents.record(transaction, type, id, new Date()),
      );
    }
    await dies('Receiver.send<');
    expect(hook.calls).toEqual([]);
    await dies('Receiver.send>');
    expect(hook.calls.map((call) => told(call).data.sequence)).toEqual([1]);
    await latchkey.startWorker();
    // The second event looked again and again whether the first was gone, after longer and longer pauses (60 s at most).
    await eventually(
      () => hook.calls,
      ({ length }) => length === 3,
      100_000,
    );
    const done = `select 1 from job where name = 'events-1' and state = 'completed'`;
    await eventually(
      () => database.query(done),
      ({ length }) => length === 2,
    );

    expect(hook.calls.map((call) => told(call).data.sequence)).toEqual([1, 1, 2]);
    const [first, again, second] = hook.calls;
    expect(again).toMatchObject({ body: first?.body, headers: { 'webhook-id': first?.headers['webhook-id'] } });
    expect(second?.headers['webhook-id']).not.toBe(first?.headers['webhook-id']);
    expect(await database.query('select * from event_pending')).toEqual([]);
  },
);
