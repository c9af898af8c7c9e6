import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Settlement } from '../../src/jobs/job-attempt.js';
import { resetRequests } from '../../src/password-reset/reset-requests.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey;
beforeEach(async () => {
  latchkey = await startLatchkey({ withoutWorker: true });
});
afterEach(() => latchkey.close());

it.each([
  ['done', 'completed', { settle: 'done', outcome: 'no-recipient' }],
  ['to be tried again', 'retry', { settle: 'retry', reason: 'smtp-451' }],
] as const)(
  'a job that is %s is settled before its slot is free, and the slot takes no other job until then',
  async (_how, state, settlement) => {
    const free = Promise.withResolvers<void>();
    const begun: string[] = [];
    await latchkey.services.jobs.work(resetRequests, 1, async ({ data }): Promise<Settlement> => {
      begun.push(data.email);
      return { ...settlement, slotIsFree: begun.length === 1 ? free.promise : Promise.resolve() };
    });
    const settled = async (email: string) => {
      const sql = `select state::text from job where data ->> 'email' = $1`;
      return eventually(
        () => latchkey.database.query<{ state: string }>(sql, [email]),
        ([row]) => row?.state === state,
      );
    };
    await latchkey.client.requestPasswordReset({ email: 'first@example.com' });
    await settled('first@example.com');
    await latchkey.client.requestPasswordReset({ email: 'second@example.com' });
    // Long enough for a free slot to take the job, because every new job wakes the worker.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(begun).toEqual(['first@example.com']);
    free.resolve();
    await settled('second@example.com');
    expect(begun).toEqual(['first@example.com', 'second@example.com']);
  },
);
