import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Settlement } from '../../src/jobs/job-attempt.js';
import { resetRequests } from '../../src/password-reset/reset-requests.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({ withoutWorker: true });
});
afterAll(() => latchkey.close());

it('a slot takes its next job when the last one says that it is free, and the last one is settled long before', async () => {
  const free = Promise.withResolvers<void>();
  const begun: string[] = [];
  await latchkey.services.jobs.work(resetRequests, 1, async ({ data }): Promise<Settlement> => {
    begun.push(data.email);
    return {
      settle: 'done',
      outcome: 'no-recipient',
      slotIsFree: begun.length === 1 ? free.promise : Promise.resolve(),
    };
  });
  const settled = async (email: string) => {
    const sql = `select state::text from pgboss.job where data ->> 'email' = $1`;
    return eventually(
      () => latchkey.database.query<{ state: string }>(sql, [email]),
      ([row]) => row?.state === 'completed',
    );
  };
  await latchkey.client.requestPasswordReset({ email: 'first@example.com' });
  await settled('first@example.com');
  await latchkey.client.requestPasswordReset({ email: 'second@example.com' });
  // Long enough for a slot that is free: it is woken by every new job.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(begun).toEqual(['first@example.com']);
  free.resolve();
  await settled('second@example.com');
  expect(begun).toEqual(['first@example.com', 'second@example.com']);
});
