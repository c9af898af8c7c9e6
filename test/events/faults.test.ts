import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type EventJob, forReceiver } from '../../src/accounts/credential-events.js';
import { Unavailable } from '../../src/calls/errors.js';
import { EventOrder } from '../../src/events/event-order.js';
import type { Settlement } from '../../src/jobs/job-attempt.js';
import { createReceivers } from '../../src/services/events.js';
import { readSettings } from '../../src/settings/settings.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { type Hook, startHook, told, with200, withStatus } from './hook.js';

const secret = 'correct-horse-battery-staple';
const day = 86_400_000;
let latchkey: TestLatchkey;
let hooks: readonly [Hook, Hook];
let isDatabaseAway = false;
const woken: string[] = [];
beforeAll(async () => {
  hooks = [await startHook(), await startHook()];
  const env = { EVENTS_URL: hooks.map(({ url }) => url).join(), EVENTS_SECRET: `${secret},${secret}` };
  const timing = { breaker: { failures: 3, firstPause: 40, longestPause: 40 }, timeoutMs: 400 };
  const changed = (id: string, state: string) => void woken.push(`${id} ${state}`);
  latchkey = await startLatchkey({
    env,
    withoutWorker: true,
    overrides: {
      receivers: ({ log }) => {
        if (!log) throw new Error('the log is made first');
        return createReceivers(
          readSettings({ ...env, NODE_ENV: 'test', DATABASE_URL: 'postgres://a:b@unused.example/c' }, 'account'),
          log,
          changed,
          timing,
        );
      },
      eventOrder: ({ orm }) => {
        if (!orm) throw new Error('the database is opened first');
        const order = new EventOrder(orm);
        const settle = order.settle.bind(order);
        order.settle = async (...place) => {
          if (isDatabaseAway) throw new Unavailable('postgres');
          await settle(...place);
        };
        return order;
      },
    },
  });
});
afterAll(async () => {
  await latchkey.close();
  for (const hook of hooks) await hook.close();
});
beforeEach(async () => {
  for (const hook of hooks) {
    hook.answer = with200;
    hook.calls.length = 0;
  }
  isDatabaseAway = false;
  await latchkey.database.query('truncate event_pending, event_sequence; truncate job cascade');
});

/** Records changes of one account. @returns the jobs of each receiver, the first change first. */
async function changes(count: number, id = crypto.randomUUID()): Promise<(place: 1 | 2) => Promise<EventJob[]>> {
  const { accounts, credentialEvents } = latchkey.services;
  for (let done = 0; done < count; done++) {
    await accounts.transaction((transaction) =>
      credentialEvents.record(transaction, 'password.changed', id, new Date()),
    );
  }
  return async (place) => {
    const rows = await latchkey.database.query<{ data: EventJob }>(
      `select data from job where name = $1 and data -> 'event' ->> 'accountId' = $2 order by data -> 'event' -> 'sequence'`,
      [`events-${place}`, id],
    );
    return rows.map(({ data }) => data);
  };
}

/** One attempt of the worker's at a job that is this old (milliseconds). */
function attempt(data: EventJob | undefined, age = 0) {
  if (!data) throw new Error('no such job');
  const createdAt = new Date();
  const startedAt = new Date(createdAt.getTime() + age);
  const { signal } = new AbortController();
  const job = {
    id: 'a job',
    data,
    attempt: 1,
    createdAt,
    startedAt,
    begun: performance.now(),
    wasTried: false,
    signal,
  };
  return latchkey.services.credentialEvents.deliver(job);
}
/** Until the breaker of the first receiver lets something through. */
async function whileResting(work: () => Promise<Settlement>): Promise<Settlement> {
  for (;;) {
    const ended = await work();
    if (!('reason' in ended) || ended.reason !== 'receiver-rests') return ended;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it.each([
  ['answers 500', withStatus(500), 'http-500'],
  ['answers 400', withStatus(400), 'http-400'],
  ['redirects', withStatus(307, { location: '/elsewhere' }), 'http-307'],
  ['hangs', () => undefined, 'timeout'],
  ['cuts the line', (response: { destroy(): unknown }) => void response.destroy(), 'econnreset'],
] as const)(
  'a receiver that %s gets the event again, the same, and nobody else waits',
  async (_what, answer, reason) => {
    const jobs = await changes(1);
    const [[mine], [others]] = [await jobs(1), await jobs(2)];
    hooks[0].answer = answer as Hook['answer'];
    expect(await whileResting(() => attempt(mine))).toMatchObject({ settle: 'retry', reason });
    expect(await attempt(others)).toEqual({ settle: 'done', outcome: 'told' });
    hooks[0].answer = with200;
    expect(await whileResting(() => attempt(mine))).toEqual({ settle: 'done', outcome: 'told' });
    const paths = new Set(hooks[0].calls.map(({ path }) => path));
    expect(paths).toEqual(new Set(['/hook']));
    expect(new Set(hooks[0].calls.map(({ headers, body }) => `${headers['webhook-id']} ${body}`)).size).toBe(1);
  },
);

it('an answer of 50 MB is taken for what its status says, and not read to its end', async () => {
  const [job] = await (await changes(1))(1);
  const whole = 50_000_000;
  let written = 0;
  hooks[0].answer = (response) => {
    const more = () => {
      while (written < whole && !response.destroyed) {
        written += 65_536;
        if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more);
      }
    };
    more();
  };
  expect(await whileResting(() => attempt(job))).toEqual({ settle: 'done', outcome: 'told' });
  expect(hooks[0].calls).toHaveLength(1);
  expect(written).toBeLessThan(whole);
});

it('a receiver that is down is left alone after three failures, and asked again when it is back', async () => {
  const [job] = await (await changes(1))(1);
  hooks[0].answer = withStatus(503);
  woken.length = 0;
  for (let failures = 0; failures < 3; failures++) await whileResting(() => attempt(job));
  const calls = hooks[0].calls.length;
  expect(await attempt(job)).toEqual({
    settle: 'retry',
    reason: 'receiver-rests',
    waitsFor: forReceiver(job?.receiver ?? ''),
  });
  expect(hooks[0].calls).toHaveLength(calls);
  hooks[0].answer = with200;
  expect(await whileResting(() => attempt(job))).toEqual({ settle: 'done', outcome: 'told' });
  expect(woken).toEqual(['open', 'half-open', 'closed'].map((state) => `${job?.receiver} ${state}`));
});

it('an earlier event of the account goes first for an hour; that of another account does not wait', async () => {
  const [first, second] = await (await changes(2))(1);
  const [stranger] = await (await changes(1))(1);
  expect(await attempt(second)).toEqual({ settle: 'later', reason: 'earlier-event' });
  expect(await attempt(stranger)).toEqual({ settle: 'done', outcome: 'told' });
  await latchkey.database.query(`update event_pending set since = now() - interval '59 min'`);
  expect(await attempt(second)).toEqual({ settle: 'later', reason: 'earlier-event' });
  await latchkey.database.query(`update event_pending set since = now() - interval '61 min'`);
  expect(await attempt(second)).toEqual({ settle: 'done', outcome: 'told' });
  expect(await attempt(first)).toEqual({ settle: 'done', outcome: 'told' });
  expect(hooks[0].calls.map((call) => told(call).data.sequence)).toEqual([1, 2, 1]);
});

it('an event that three days did not bring over is given up, and holds no other; a retry is one attempt more', async () => {
  const [first, second] = await (await changes(2))(1);
  hooks[0].answer = withStatus(404);
  expect(await attempt(first, 3 * day - 1_000)).toEqual({ settle: 'retry', reason: 'http-404' });
  expect(await attempt(first, 3 * day + 1_000)).toEqual({ settle: 'dead', reason: 'http-404' });
  hooks[0].answer = with200;
  expect(await attempt(second)).toEqual({ settle: 'done', outcome: 'told' });
  expect(await attempt(first, 9 * day)).toEqual({ settle: 'done', outcome: 'told' });
});

it('a worker that dies between the answer and the commit tells the event again, and holds the next until then', async () => {
  const [first, second] = await (await changes(2))(1);
  isDatabaseAway = true;
  await expect(attempt(first)).rejects.toThrow(Unavailable);
  isDatabaseAway = false;
  expect(await attempt(second)).toEqual({ settle: 'later', reason: 'earlier-event' });
  expect(await attempt(first)).toEqual({ settle: 'done', outcome: 'told' });
  expect(await attempt(second)).toEqual({ settle: 'done', outcome: 'told' });
  expect(hooks[0].calls.map((call) => told(call).data.sequence)).toEqual([1, 1, 2]);
  expect(new Set(hooks[0].calls.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
});

it('an event for a URL that is not in EVENTS_URL any more is a dead letter', async () => {
  const [job] = await (await changes(1))(1);
  const gone = job && { ...job, receiver: '0123456789ab' };
  expect(await attempt(gone)).toEqual({ settle: 'dead', reason: 'not-in-EVENTS_URL' });
});

it('changes of one account at the same time get numbers without a gap', async () => {
  const id = crypto.randomUUID();
  const [jobs] = await Promise.all(Array.from({ length: 5 }, () => changes(2, id)));
  const sequences = (await jobs?.(2))?.map(({ event }) => event.sequence);
  expect(sequences).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
