import type { JobWithMetadata } from 'pg-boss';
import { expect, it } from 'vitest';
import { JobAttempts } from '../../src/jobs/job-attempt.js';
import { QueueTables } from '../../src/jobs/queue/tables.js';
import { createLog } from '../../src/observability/log.js';

it('a mail to be sent again stays one where the database goes before its job is put back, and is no fault of the job', async () => {
  const ends: string[] = [];
  const boss = {
    complete: () => Promise.reject(new Error('not for this job')),
    getDb: () => ({ executeSql: () => Promise.reject(new Error('the connection is gone')) }),
  };
  const attempts = new JobAttempts(boss as never, new QueueTables('jobs'), createLog('silent', 'test'), {
    job: (_queue, end) => void ends.push(end),
  });
  const job = { id: 'one', name: 'links', data: {}, retryCount: 0, output: null, signal: new AbortController().signal };
  const result = await attempts.run(job as unknown as JobWithMetadata<object>, async () => ({
    settle: 'retry',
    reason: 'smtp-451',
    tried: true,
    slotIsFree: Promise.resolve(),
  }));
  expect(result).toEqual({ id: 'one', status: 'failed', output: { reason: 'smtp-451', tried: true } });
  expect(ends).toEqual(['retry']);
});

it.each([
  ['what waits for a relay or receiver that rests', { waitsFor: 'relay' }, []],
  ['what failed by itself', {}, ['job not done']],
])('%s writes %j to the log at its usual level', async (_what, more, written) => {
  const lines: string[] = [];
  const log = createLog('info', 'test', { write: (line) => void lines.push(JSON.parse(line).msg) });
  const boss = { complete: () => Promise.resolve(), getDb: () => undefined };
  const attempts = new JobAttempts(boss as never, new QueueTables('jobs'), log, { job: () => undefined });
  const job = { id: 'one', name: 'links', data: {}, retryCount: 0, output: null, signal: new AbortController().signal };
  const handle = async () => ({ settle: 'retry', reason: 'rests', ...more }) as const;
  const { status } = await attempts.run(job as unknown as JobWithMetadata<object>, handle);
  expect([status, lines]).toEqual(['failed', written]);
});
