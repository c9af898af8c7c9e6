import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobTiming } from '../../src/jobs/queue/definition.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { startRawRelay } from '../support/raw-relay.js';

let latchkey: TestLatchkey;
let relay: Awaited<ReturnType<typeof startRawRelay>>;
beforeAll(async () => {
  relay = await startRawRelay((stage) => (stage === 'RCPT' ? '550 5.1.1 no such user' : undefined));
  latchkey = await startLatchkey({ env: { SMTP_URL: relay.url } });
});
afterAll(async () => {
  await latchkey.close();
  await relay.stop();
});

it('leaves no row of a job, and so no address, longer than stated: a day when done, 14 days when dead', async () => {
  const { database, client } = latchkey;
  await latchkey.signUp('alice@example.com', 'the password that gets lost');
  for (const email of ['old@example.com', 'young@example.com', 'alice@example.com', 'alice@example.com']) {
    await client.requestPasswordReset({ email });
  }
  const rows = () =>
    database.query<{ kind: string; email: string }>(
      `select name || ' ' || state as kind, data->>'email' as email from job order by 1, 2`,
    );
  await eventually(rows, (all) => all.filter(({ kind }) => /-dead created$/.test(kind)).length === 2);
  await eventually(rows, (all) => all.filter(({ kind }) => kind.endsWith('completed')).length === 2);

  // Moves one job of each kind past the end of its time, and one completed job to a minute before it.
  const { keepFinished, keepDead } = jobTiming;
  await database.query(
    `update job set completed_on = now() - $1 * interval '1 s'
      where state = 'completed' and data->>'email' = 'old@example.com'`,
    [keepFinished + 60],
  );
  await database.query(
    `update job set completed_on = now() - $1 * interval '1 s'
      where state = 'completed' and data->>'email' = 'young@example.com'`,
    [keepFinished - 60],
  );
  await database.query(
    `with letters as (select id, row_number() over (order by id) as place from job where state = 'created')
     update job j set keep_until = j.keep_until - $1 * interval '1 s'
       from letters where letters.id = j.id and letters.place = 1`,
    [keepDead + 60],
  );
  // The worker erases every five minutes. Without this time the next run is due immediately.
  await database.query('update queue set maintain_on = null');
  const left = await eventually(rows, (all) => all.every(({ email }) => email !== 'old@example.com'), 20_000);
  await eventually(rows, (all) => all.filter(({ kind }) => /-dead created$/.test(kind)).length === 1, 20_000);
  expect(left.map(({ email }) => email)).toContain('young@example.com');
});
