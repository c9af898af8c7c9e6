import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({ withoutWorker: true });
});
afterAll(() => latchkey.close());
beforeEach(() => latchkey.database.query('delete from audit_event'));

const kinds = () => latchkey.database.query('select kind, xmin::text as transaction from audit_event order by id');

it('writes what comes together in one statement, in its order', async () => {
  const { audit } = latchkey.services;
  for (const kind of ['reset.sent', 'notice.sent', 'reset.dead'] as const) audit.noteSoon({ kind });
  await audit.written();
  const rows = await kinds();
  expect(rows.map(({ kind }) => kind)).toEqual(['reset.sent', 'notice.sent', 'reset.dead']);
  expect(new Set(rows.map(({ transaction }) => transaction)).size).toBe(1);
});

it('writes what comes while it writes, and what is noted at the end of a process', async () => {
  const { audit } = latchkey.services;
  audit.noteSoon({ kind: 'reset.sent' });
  const first = audit.written();
  audit.noteSoon({ kind: 'notice.sent' });
  await first;
  await audit.written();
  expect((await kinds()).map(({ kind }) => kind)).toEqual(['reset.sent', 'notice.sent']);
});
