import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { killAll, Latchkey, readyz, type Settings } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { createDatabase, createRedis, hasRedisServer, type TestDatabase } from '../support/stores.js';
import { insertAccount } from './accounts.js';

vi.setConfig({ testTimeout: 60_000 });

// Two processes need a real Redis: the stand-in lives inside one process.
describe.skipIf(!hasRedisServer)(
  'a process that is told to end finishes what is under way (needs a redis-server on PATH)',
  () => {
    let database: TestDatabase;
    let redis: EmbeddedRedis;
    let relay: SMTPServer;
    let settings: Settings;
    /** The relay answers a mail only after `letGo` is called. */
    let letGo: () => void = () => undefined;
    let started: Promise<void>;
    const taken: string[] = [];

    beforeAll(async () => {
      [database, redis] = await Promise.all([createDatabase(), createRedis()]);
      let start: () => void;
      started = new Promise((resolve) => {
        start = resolve;
      });
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      relay = new SMTPServer({
        disabledCommands: ['AUTH', 'STARTTLS'],
        disableReverseLookup: true,
        async onData(stream, session, done) {
          stream.resume();
          await once(stream, 'end');
          start();
          await held;
          taken.push(...session.envelope.rcptTo.map(({ address }) => address));
          done();
        },
      });
      relay.on('error', () => undefined);
      relay.listen(0, '127.0.0.1');
      await once(relay.server, 'listening');
      const smtp = `smtp://127.0.0.1:${(relay.server.address() as AddressInfo).port}`;
      settings = productionSettings({ database: database.url, redis: redis.url ?? '', smtp });
      await insertAccount(database, 'alice@example.com', 'the password that is right');
    });
    afterAll(async () => {
      letGo();
      await killAll();
      await new Promise<void>((resolve) => relay.close(resolve));
      await Promise.all([redis.stop(), database.drop()]);
    });

    async function readyApi(more: Settings = {}) {
      const api = Latchkey.start(['api'], { ...settings, ...more });
      const url = await api.url();
      await vi.waitFor(async () => expect(await readyz(url)).toMatchObject({ status: 200 }), 10_000);
      return { api, url };
    }

    // Shows: F-48
    it('the API: every call that waits for its turn to be hashed is answered', async () => {
      const { api, url } = await readyApi({ HASH_CONCURRENCY: '1', ARGON2_MEMORY_KIB: '65536', ARGON2_TIME_COST: '2' });
      const email = 'nobody@example.com';
      const waiting = Array.from({ length: 8 }, () =>
        createLatchkeyClient({ url, timeoutMs: 60_000 }).signIn({ email, password: 'not the password' }),
      );
      const first = await Promise.race(waiting);
      expect(first.__typename).toBe('InvalidCredentials');
      const [ended, outcomes] = await Promise.all([api.stop('SIGTERM'), Promise.allSettled(waiting)]);
      expect(outcomes.map((each) => (each.status === 'fulfilled' ? each.value.__typename : each.reason))).toEqual(
        waiting.map(() => 'InvalidCredentials'),
      );
      expect(ended).toMatchObject({ code: 0, errors: '' });
      expect(ended.output).toMatch(/"signal":"SIGTERM"/);
      await expect(fetch(`${url}/livez`)).rejects.toThrow();
    });

    // Shows: F-48
    it('the API under load: every call is answered until nobody calls any more, those that wait to be let in too', async () => {
      const { api, url } = await readyApi({ TRUST_PROXY: '127.0.0.1' });
      const outcomes: string[] = [];
      const call = async () => {
        const outcome = await fetch(`${url}/graphql`, {
          method: 'POST',
          // A new connection for each call: either side may close a kept one at any time.
          headers: { 'content-type': 'application/json', connection: 'close' },
          body: JSON.stringify({ query: '{ passwordPolicy { minLength } }' }),
        }).then(
          async (response) => `${response.status} ${(await response.text()).length > 0}`,
          (error: Error) => String((error.cause as { code?: string } | undefined)?.code ?? error),
        );
        outcomes.push(outcome);
      };
      // As a load balancer does: polls /readyz, and sends calls until it has seen that the process is ending.
      let isReady = true;
      const looking = (async () => {
        while (isReady) {
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          isReady = await fetch(`${url}/readyz`).then(
            ({ status }) => status === 200,
            () => false,
          );
        }
      })();
      const callers = Array.from({ length: 12 }, async () => {
        while (isReady) await call();
      });
      await vi.waitFor(() => expect(outcomes.length).toBeGreaterThan(100), 10_000);
      const burst = Array.from({ length: 500 }, call);
      const ending = api.stop('SIGTERM');
      burst.push(...Array.from({ length: 500 }, call));
      await Promise.all([...burst, ...callers, looking]);
      const calls = outcomes.length;
      const ended = await ending;

      expect(ended).toMatchObject({ code: 0, errors: '' });
      expect(calls).toBeGreaterThan(1_100);
      expect([...new Set(outcomes)].filter((outcome) => !/^(?:200|503) true$/.test(outcome))).toEqual([]);
      await expect(fetch(`${url}/livez`)).rejects.toThrow();
    });

    // Shows: F-48
    it('the worker: the mail that the relay is taking is settled before it ends', async () => {
      const { api, url } = await readyApi();
      const worker = Latchkey.start(['worker'], settings);
      await worker.said(/the worker waits for jobs/);
      await createLatchkeyClient({ url }).requestPasswordReset({ email: 'alice@example.com' });
      await started;
      const ending = worker.stop('SIGTERM');
      await worker.said(/"signal":"SIGTERM"/);
      // Enough time for a process that does not wait for the mail to exit.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(worker.child.exitCode).toBeNull();
      letGo();
      expect(await ending).toMatchObject({ code: 0, errors: '' });
      expect(taken).toEqual(['alice@example.com']);
      const jobs = await database.query(`select state::text, output from job where name not like '%dead'`);
      expect(jobs).toEqual([{ state: 'completed', output: expect.objectContaining({ outcome: 'sent' }) }]);
      expect(await api.stop('SIGTERM')).toMatchObject({ code: 0 });
    });
  },
);
