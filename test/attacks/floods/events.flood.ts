import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startHook, told } from '../../events/hook.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey } from '../../support/latchkey.js';
import { Latchkey } from '../../support/processes.js';
import { newSecrets, productionSettings } from '../../support/production-settings.js';
import { hasRedisServer } from '../../support/stores.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { password, tell } from './stage.js';

const [accounts, each, together] = [2_500, 4, 100];
/** How often an owner asks for a mail while the events wait, a second apart. */
const asked = 20;

/** MiB of the process. */
async function memoryOf({ pid }: Latchkey): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024);
}

describe.skipIf(!hasRedisServer)('a receiver of events that is down (needs a redis-server on PATH)', () => {
  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  it('delays no mail and fills no memory with 10,000 events, and gets them in order when it is back', {
    timeout: 1_800_000,
  }, async () => {
    const hook = await startHook();
    const way = await TcpProxy.to(hook.url);
    const env = { ...newSecrets(), EVENTS_URL: way.through(hook.url), EVENTS_SECRET: 'correct-horse-battery-staple' };
    const latchkey = await startLatchkey({ env, withoutWorker: true });
    stops.push(hook.close, () => way.shut(), latchkey.close);
    const { client, database, inbox, services, settings } = latchkey;
    const stores = { database: database.url, redis: settings.redis.url, smtp: inbox.smtpUrl };
    const more = { ...env, NODE_ENV: 'development', LIMIT_RESET_PER_ACCOUNT: '9999/900' };
    const worker = Latchkey.start(['worker'], { ...productionSettings(stores), ...more });
    stops.push(() => worker.stop('SIGKILL'));
    await worker.said(/the worker waits for jobs/);
    const mails = () => inbox.mails().filter(({ text }) => text.includes('#key=')).length;
    /** Milliseconds from the request to the mail. */
    const mail = async (email: string) => {
      const [before, began] = [mails(), performance.now()];
      await client.requestPasswordReset({ email });
      await eventually(mails, (count) => count > before, 60_000);
      return Math.round(performance.now() - began);
    };
    for (let count = 0; count < asked + 6; count++) await latchkey.signUp(`owner${count}@d${count}.example`, password);
    const quiet: number[] = [];
    for (let count = asked; count < asked + 6; count++) quiet.push(await mail(`owner${count}@d${count}.example`));
    const memory = [await memoryOf(worker)];

    way.refuse();
    const ids = Array.from({ length: accounts }, () => crypto.randomUUID());
    const wrote = performance.now();
    for (let round = 0; round < each; round++) {
      for (let place = 0; place < accounts; place += together) {
        await services.accounts.transaction(async (transaction) => {
          for (const id of ids.slice(place, place + together)) {
            await services.credentialEvents.record(transaction, 'password.changed', id, new Date());
          }
        });
      }
    }
    const writing = Math.round((performance.now() - wrote) / 1_000);
    const beside: number[] = [];
    for (let count = 0; count < asked; count++) {
      beside.push(await mail(`owner${count}@d${count}.example`));
      memory.push(await memoryOf(worker));
      await sleep(1_000);
    }
    const warnings = worker.output.split('job not done').length - 1;
    const connections = hook.calls.length;

    way.heal();
    const back = performance.now();
    let first = Number.NaN;
    const whole = accounts * each;
    const ended = await eventually(
      async () => {
        if (Number.isNaN(first) && hook.calls.length > 0) first = performance.now() - back;
        memory.push(await memoryOf(worker));
        return hook.calls.length;
      },
      (count) => count >= whole,
      1_200_000,
    ).catch(() => hook.calls.length);
    const drained = performance.now() - back;
    const seen = new Map<string, number>();
    let wrong = 0;
    for (const { accountId, sequence } of hook.calls.map((call) => told(call).data)) {
      if (sequence !== (seen.get(accountId) ?? 0) + 1) wrong += 1;
      seen.set(accountId, sequence);
    }
    const most = (all: readonly number[]) => Math.max(...all);
    tell('E 10,000 events to a receiver that is down', {
      mailMs: { alone: most(quiet), beside: most(beside), median: beside.toSorted((a, b) => a - b)[asked >> 1] },
      memoryMib: { before: memory[0], most: most(memory) },
      writing,
      warnings,
      connections,
      firstMs: Math.round(first),
      drainedMs: Math.round(drained),
      events: ended,
      wrong,
    });
    expect([ended, wrong]).toEqual([whole, 0]);
    expect(most(beside)).toBeLessThanOrEqual(10_000);
    expect(warnings).toBeLessThanOrEqual(100);
    expect(most(memory)).toBeLessThanOrEqual(512);
  });
});
