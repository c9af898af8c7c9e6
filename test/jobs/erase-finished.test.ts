import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({ withoutWorker: true });
});
afterAll(() => latchkey.close());

/** Inserts rows into a queue. Their data names the kind of row (`what`), so that a test can count the rest. */
function insert(
  count: number,
  what: string,
  columns: { state: string; completed: string; keep?: string; queue?: string },
) {
  const { state, completed, keep = `interval '14 days'`, queue = 'password-reset-request' } = columns;
  return latchkey.database.query(
    `insert into job (name, state, completed_on, keep_until, deletion_seconds, data)
     select $1, $2::job_state, ${completed}, now() + ${keep}, 86400, jsonb_build_object('what', $3::text)
       from generate_series(1, $4::int)`,
    [queue, state, what, count],
  );
}

it('erases, part by part, what was kept long enough, and nothing else', async () => {
  const old = `now() - interval '25 hours'`;
  await insert(12_001, 'done long ago', { state: 'completed', completed: old });
  await insert(3, 'failed long ago', { state: 'failed', completed: old });
  await insert(2, 'dead for too long', {
    state: 'created',
    completed: 'null',
    keep: `interval '-1 second'`,
    queue: 'password-reset-request-dead',
  });
  await insert(4, 'done today', { state: 'completed', completed: `now() - interval '23 hours'` });
  await insert(5, 'at work', { state: 'active', completed: 'null', keep: `interval '-1 second'` });
  await insert(6, 'waits', { state: 'retry', completed: 'null' });
  expect(await latchkey.services.jobs.eraseFinished()).toBe(12_006);
  const left = await latchkey.database.query(
    `select data ->> 'what' as what, count(*)::int as count from job group by 1 order by 2`,
  );
  expect(left).toEqual([
    { what: 'done today', count: 4 },
    { what: 'at work', count: 5 },
    { what: 'waits', count: 6 },
  ]);
});
