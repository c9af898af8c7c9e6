import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { resetRequests } from '../../../src/password-reset/reset-requests.js';
import { emptyDatabase } from '../../processes/empty-database.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { killAll, Latchkey } from '../../support/processes.js';

vi.setConfig({ testTimeout: 60_000 });
let latchkey: TestLatchkey;
let id: string;
beforeAll(async () => {
  latchkey = await startLatchkey({ withoutWorker: true });
  await latchkey.services.jobs.work(resetRequests, 1, async () => ({ settle: 'dead', reason: 'smtp-550' }));
  await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
  const [letter] = await eventually(
    () => latchkey.database.query<{ id: string }>(`select id from job where name like '%-dead'`),
    (rows) => rows.length === 1,
  );
  id = letter?.id ?? '';
});
afterAll(async () => {
  await killAll();
  await latchkey.close();
});
const jobs = (args: string[], url = latchkey.database.url) => Latchkey.run(['jobs', ...args], { DATABASE_URL: url });

describe('latchkey jobs, with DATABASE_URL alone', () => {
  it('counts, lists and shows', async () => {
    const count = await jobs(['count', '--json']);
    expect(count).toMatchObject({ code: 0, errors: '' });
    expect(JSON.parse(count.output)).toContainEqual(expect.objectContaining({ queue: resetRequests.name, dead: 1 }));
    const list = await jobs(['list', '--state', 'dead', '--limit', '5']);
    expect(list.output).toMatch(new RegExp(`^${id} .* smtp-550 +a…@example\\.com$`, 'm'));
    expect((await jobs(['show', id, '--address'])).output).toMatch(/^data\.email +alice@example\.com$/m);
  });

  it('retries and discards, with an event each', async () => {
    expect(await jobs(['retry', id])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^retried 1\n/),
      errors: '',
    });
    await eventually(
      () => latchkey.database.query(`select 1 from job where name like '%-dead'`),
      (rows) => rows.length === 1,
    );
    expect(await jobs(['retry', id])).toMatchObject({
      code: 1,
      output: 'retried 0\n',
      errors: `latchkey: not dead: ${id}\n`,
    });
    expect(await jobs(['discard', '--all-dead', '--yes'])).toMatchObject({ code: 0, output: 'discarded 1\n' });
    const kinds = await latchkey.database.query(
      `select kind from audit_event where origin = 'command line' order by id`,
    );
    expect(kinds).toEqual([{ kind: 'job.retried' }, { kind: 'job.discarded' }]);
  });

  it.each([
    [['discard', '--all-dead'], /^latchkey: discarding all dead letters needs --yes\n$/],
    [['show', '7'], /^latchkey: the id of a job is a UUID\n$/],
    [['list', '--state', 'lost'], /Allowed choices are waiting, active, done, dead/],
    [['list', '--limit', '0'], /1 to 10000 are allowed/],
  ])('tells wrong use: %j', async (args, message) => {
    const { code, output, errors } = await jobs(args);
    expect([code, output]).toEqual([1, '']);
    expect(errors).toMatch(message);
  });

  it('tells a database that is away, and one that is not migrated, in one line', async () => {
    const away = await jobs(['count'], 'postgres://u:secret-word@127.0.0.1:9/x');
    expect(away).toMatchObject({
      code: 1,
      output: '',
      errors: 'latchkey: the database does not answer (ECONNREFUSED)\n',
    });
    const empty = await emptyDatabase();
    try {
      for (const args of [['count'], ['retry', id]]) {
        const { code, errors } = await jobs(args, empty.url);
        expect(code).toBe(1);
        expect(errors).toMatch(/^latchkey: .*run `latchkey migrate`\n$/);
      }
    } finally {
      await empty.drop();
    }
    expect((await Latchkey.run(['jobs', 'count'])).errors).toMatch(/DATABASE_URL: is not set/);
  });
});
