import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({ withoutWorker: true });
});
afterAll(() => latchkey.close());
beforeEach(async () => {
  await latchkey.database.query('delete from audit_event');
  // Timers stand still, so an event is written only when the test asks for it or moves the time.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const kinds = () => latchkey.database.query('select kind, xmin::text as transaction from audit_event order by id');

it('writes what comes together in one statement, in its order', async () => {
  const { audit } = latchkey.services;
  for (const kind of ['reset.sent', 'notice.sent', 'reset.dead'] as const) audit.noteSoon({ kind });
  expect(await kinds()).toEqual([]);
  await audit.written();
  const rows = await kinds();
  expect(rows.map(({ kind }) => kind)).toEqual(['reset.sent', 'notice.sent', 'reset.dead']);
  expect(new Set(rows.map(({ transaction }) => transaction)).size).toBe(1);
});

it('writes what waits when a process ends, without the pause, and what comes while it writes', async () => {
  const { audit } = latchkey.services;
  audit.noteSoon({ kind: 'reset.sent' });
  const first = audit.written();
  audit.noteSoon({ kind: 'notice.sent' });
  await first;
  await audit.written();
  expect((await kinds()).map(({ kind }) => kind)).toEqual(['reset.sent', 'notice.sent']);
});

it('writes by itself after a quarter of a second', async () => {
  const { audit } = latchkey.services;
  audit.noteSoon({ kind: 'reset.sent' });
  vi.advanceTimersByTime(250);
  vi.useRealTimers();
  await vi.waitFor(async () => expect(await kinds()).toHaveLength(1), 10_000);
});
