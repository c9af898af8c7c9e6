import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { notice, request, startJobs } from './start-jobs.js';

let jobs: Awaited<ReturnType<typeof startJobs>>;
beforeAll(async () => {
  jobs = await startJobs();
});
afterAll(() => jobs.close());
beforeEach(() => jobs.begin());

describe('retrying', () => {
  it('puts a dead letter back and mails, and says which ids were not dead', async () => {
    const letter = await jobs.deadRequest();
    jobs.worker.instead = undefined;
    const other = randomUUID();
    const mails = jobs.latchkey.inbox.mails().length;
    const { answer, out, err } = await jobs.told((admin) => admin.retry({ ids: [other, letter.source_id] }));
    expect([answer, err]).toEqual([1, `latchkey: not dead: ${other}\n`]);
    const newJobId = /^retried 1\n\S+ is (\S+) now\n$/.exec(out)?.[1];
    expect(await jobs.outcomes()).toEqual(['sent']);
    expect(jobs.latchkey.inbox.mails()).toHaveLength(mails + 1);
    expect(await jobs.letters()).toEqual([]);
    expect(await jobs.events('job.retried')).toEqual([
      { origin: 'command line', jobId: letter.id, queue: request, newJobId },
    ]);
    expect((await jobs.told((admin) => admin.retry({ ids: [letter.id] }))).answer).toBe(1);
  });

  it('keeps its creation time through every death, so that a request older than a password change mails nothing', async () => {
    const first = await jobs.deadRequest();
    await jobs.told((admin) => admin.retry({ ids: [first.id] }));
    await jobs.wake();
    const [second] = await eventually(jobs.letters, (rows) => rows[0] !== undefined && rows[0].id !== first.id);
    expect(second?.source_created_on).toEqual(first.source_created_on);
    jobs.worker.instead = undefined;
    await jobs.latchkey.database.query('update account set credentials_changed_at = now()');
    const mails = jobs.latchkey.inbox.mails().length;
    expect((await jobs.told((admin) => admin.retry({ ids: [second?.id ?? ''] }))).answer).toBe(0);
    expect(await jobs.outcomes()).toEqual(['superseded']);
    expect(jobs.latchkey.inbox.mails()).toHaveLength(mails);
  });

  it('gives no request more time than its deadline', async () => {
    const letter = await jobs.deadRequest();
    jobs.worker.instead = undefined;
    await jobs.latchkey.database.query(`update account set credentials_changed_at = now() - interval '1 day'`);
    await jobs.latchkey.database.query(`update job set source_created_on = now() - interval '61 min' where id = $1`, [
      letter.id,
    ]);
    await jobs.told((admin) => admin.retry({ ids: [], allDead: true }));
    expect(await jobs.outcomes()).toEqual(['expired']);
  });

  it('takes all of a queue, or all', async () => {
    await jobs.deadRequest();
    await jobs.change();
    await jobs.change();
    await jobs.waitForLetters(2, notice);
    jobs.worker.instead = undefined;
    expect(await jobs.told((admin) => admin.retry({ ids: [], allDead: true, queue: notice }))).toEqual({
      answer: 0,
      out: 'retried 2\n',
      err: '',
    });
    expect(await jobs.outcomes(2)).toEqual(['sent', 'sent']);
    expect(await jobs.letters()).toHaveLength(1);
    expect((await jobs.told((admin) => admin.retry({ ids: [], allDead: true }))).out).toBe('retried 1\n');
    expect(await jobs.outcomes(3)).toEqual(['sent', 'sent', 'sent']);
    expect((await jobs.told((admin) => admin.retry({ ids: [], allDead: true }))).out).toBe('retried 0\n');
  });

  it('leaves everything as it was when the event cannot be written', async () => {
    const letter = await jobs.deadRequest();
    const full = { record: () => Promise.reject(new Error('the disk is full')) };
    const { answer, out } = await jobs.told((admin) => admin.retry({ ids: [letter.id] }), full);
    expect([answer, out]).toEqual([{ failure: 'the disk is full' }, '']);
    expect(await jobs.letters()).toMatchObject([{ id: letter.id }]);
  });

  it('is done once where two do it at the same time', async () => {
    const letter = await jobs.deadRequest();
    const both = await Promise.all([1, 2].map(() => jobs.told((admin) => admin.retry({ ids: [letter.id] }))));
    expect(both.map(({ answer }) => answer).sort()).toEqual([0, 1]);
    expect(await jobs.events('job.retried')).toHaveLength(1);
  });
});

describe('discarding', () => {
  it('deletes dead letters and nothing else', async () => {
    jobs.worker.instead = { settle: 'retry', reason: 'smtp-450' };
    const waiting = await jobs.change();
    await eventually(
      () => jobs.latchkey.database.query(`select 1 from job where state = 'retry'`),
      (rows) => rows.length === 1,
    );
    jobs.worker.instead = { settle: 'dead', reason: 'smtp-550' };
    const letter = await jobs.deadRequest();
    const { answer, out, err } = await jobs.told((admin) => admin.discard({ ids: [letter.id, waiting] }));
    expect([answer, out, err]).toEqual([1, 'discarded 1\n', `latchkey: not dead: ${waiting}\n`]);
    expect(await jobs.letters()).toEqual([]);
    expect(await jobs.latchkey.database.query('select 1 from job where id = $1', [waiting])).toHaveLength(1);
    expect(await jobs.events('job.discarded')).toEqual([{ origin: 'command line', jobId: letter.id, queue: request }]);
    expect(JSON.parse((await jobs.told((admin) => admin.show(letter.source_id, { json: true }))).out).state).toBe(
      'failed',
    );
  });

  it('of all, however many, asks for --yes', async () => {
    await jobs.deadRequest();
    await jobs.latchkey.database.query(
      `insert into job (name, data, source_name, source_id, source_created_on)
       select name, data, source_name, gen_random_uuid(), now() from job, generate_series(1, 250)
        where state = 'created' and name = '${request}-dead'`,
    );
    expect((await jobs.told((admin) => admin.discard({ ids: [], allDead: true }))).answer).toEqual({
      failure: 'discarding all dead letters needs --yes',
    });
    const { answer, out } = await jobs.told((admin) => admin.discard({ ids: [], allDead: true, yes: true }));
    expect([answer, out]).toEqual([0, 'discarded 251\n']);
    expect(await jobs.letters()).toEqual([]);
    expect(await jobs.events('job.discarded')).toHaveLength(251);
  });

  it.each([
    [{ ids: [] }, 'give the ids of dead letters, or --all-dead'],
    [{ ids: [], queue: request }, 'give the ids of dead letters, or --all-dead'],
    [{ ids: [randomUUID()], allDead: true, yes: true }, '--all-dead and --queue cannot be combined with ids'],
    [{ ids: ['7'] }, 'the id of a job is a UUID'],
  ])('refuses %j', async (options, failure) => {
    expect((await jobs.told((admin) => admin.discard(options))).answer).toEqual({ failure });
  });
});
