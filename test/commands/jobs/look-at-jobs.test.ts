import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventQueues } from '../../../src/accounts/credential-events.js';
import { notice, request, startJobs } from '../../jobs/start-jobs.js';
import { eventually } from '../../support/eventually.js';

let jobs: Awaited<ReturnType<typeof startJobs>>;
beforeAll(async () => {
  jobs = await startJobs();
});
afterAll(() => jobs.close());
beforeEach(() => jobs.begin());

describe('looking', () => {
  it('counts the jobs of each queue, and the seconds that the oldest waits', async () => {
    await jobs.deadRequest();
    jobs.worker.instead = undefined;
    await jobs.ask('nobody@example.com');
    await jobs.outcomes();
    jobs.worker.instead = { settle: 'retry', reason: 'smtp-450' };
    await jobs.ask('bob@example.com');
    await eventually(
      () =>
        jobs.latchkey.database.query(
          `update job set created_on = now() - interval '90 s' where state = 'retry' returning 1`,
        ),
      (rows) => rows.length === 1,
    );
    const { out } = await jobs.told((admin) => admin.count({ json: true }));
    expect(JSON.parse(out)).toEqual([
      { queue: notice, waiting: 0, active: 0, done: 0, dead: 0, oldestWaitingSeconds: 0 },
      ...eventQueues.map(({ name: queue }) => ({
        queue,
        waiting: 0,
        active: 0,
        done: 0,
        dead: 0,
        oldestWaitingSeconds: 0,
      })),
      { queue: 'overwrite-watch', waiting: 0, active: 0, done: 0, dead: 0, oldestWaitingSeconds: 0 },
      { queue: request, waiting: 1, active: 0, done: 1, dead: 1, oldestWaitingSeconds: expect.any(Number) },
      { queue: 'sign-up-request', waiting: 0, active: 0, done: 0, dead: 0, oldestWaitingSeconds: 0 },
    ]);
    expect(JSON.parse(out).at(-2).oldestWaitingSeconds).toBeGreaterThanOrEqual(90);
    const { out: text } = await jobs.told((admin) => admin.count({}));
    expect(text).toMatch(/^queue +waiting +active +done +dead +oldest \(s\)\n/);
    expect(text).toMatch(/\npassword-reset-request +1 +0 +1 +1 +9\d\n/);
  });

  it('lists with masked addresses, by queue and by state, the newest first', async () => {
    const letter = await jobs.deadRequest();
    jobs.worker.instead = { settle: 'retry', reason: 'smtp-450' };
    await jobs.ask('bob@example.org');
    await jobs.change();
    const list = async (options = {}) =>
      JSON.parse((await jobs.told((admin) => admin.list({ limit: 50, json: true, ...options }))).out);
    const rows = await eventually(
      () => list(),
      (all) => all.filter(({ result }: { result: string | null }) => result === 'smtp-450').length === 2,
    );
    expect(
      rows.map(({ queue, state, attempts, result, address }: Record<string, unknown>) => [
        queue,
        state,
        attempts,
        result,
        address,
      ]),
    ).toEqual([
      [notice, 'waiting', 1, 'smtp-450', null],
      [request, 'waiting', 1, 'smtp-450', 'b…@example.org'],
      [request, 'dead', 1, 'smtp-550', 'a…@example.com'],
    ]);
    expect(Date.parse(rows[0].nextAttempt)).toBeGreaterThan(Date.now());
    expect(rows[2]).toMatchObject({
      id: letter.id,
      nextAttempt: null,
      created: letter.source_created_on.toISOString(),
    });
    expect(await list({ state: 'dead' })).toEqual([rows[2]]);
    expect(await list({ queue: notice })).toEqual([rows[0]]);
    expect(await list({ limit: 1 })).toEqual([rows[0]]);
    const { out } = await jobs.told((admin) => admin.list({ limit: 50 }));
    expect(out.split('\n')).toHaveLength(5);
    expect(out).not.toMatch(/alice|bob/);
    expect((await jobs.told((admin) => admin.list({ limit: 50, queue: 'nonsense' }))).answer).toEqual({
      failure: `no such queue; there are ${notice}, events-1, events-2, events-3, events-4, overwrite-watch, ${request}, sign-up-request`,
    });
    expect((await jobs.told((admin) => admin.list({ limit: 50, state: 'done' }))).out).toBe('no jobs\n');
  });

  it('shows one whole, by its own id or by that of the job that died, the address only if asked to', async () => {
    const letter = await jobs.deadRequest();
    const { out } = await jobs.told((admin) => admin.show(letter.id.toUpperCase(), {}));
    expect(out).toMatch(/^state +dead$/m);
    expect(out).toMatch(/^data\.email +a…@example\.com$/m);
    expect(out).toMatch(/^output\.reason +smtp-550$/m);
    expect(out).toMatch(new RegExp(`^diedAs +${letter.source_id}$`, 'm'));
    expect(out).not.toContain('alice');
    expect((await jobs.told((admin) => admin.show(letter.source_id, {}))).out).toBe(out);
    const whole = await jobs.told((admin) => admin.show(letter.id, { address: true, json: true }));
    expect(JSON.parse(whole.out)).toMatchObject({ id: letter.id, data: { email: 'alice@example.com' } });
    expect((await jobs.told((admin) => admin.show(randomUUID(), {}))).answer).toEqual({
      failure: 'no such job; what is done is kept for a day',
    });
    expect((await jobs.told((admin) => admin.show('7', {}))).answer).toEqual({ failure: 'the id of a job is a UUID' });
  });
});
