import { credentialNotices } from '../../src/accounts/change-notices.js';
import { JobsAdmin, type JobsAdminDeps } from '../../src/commands/jobs/jobs-admin.js';
import type { Settlement } from '../../src/jobs/job-attempt.js';
import { resetRequests } from '../../src/password-reset/reset-requests.js';
import { openDatabase } from '../../src/services/database.js';
import { schemasOf } from '../../src/stores/postgres/schemas.js';
import { jobChannel } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey } from '../support/latchkey.js';

export const request = resetRequests.name;
export const notice = credentialNotices.name;

export interface Letter {
  readonly id: string;
  readonly source_id: string;
  readonly source_created_on: Date;
}

/** Starts a Latchkey whose worker can be told how jobs end, and runs the commands for jobs in this process. */
export async function startJobs() {
  const latchkey = await startLatchkey({ withoutWorker: true });
  const { database, services } = latchkey;
  const orm = openDatabase(database.url, { poolSize: 2 });
  /** `instead`: how every job ends, without its work; undefined lets the worker do its work. */
  const worker: { instead: Settlement | undefined } = { instead: undefined };
  await services.jobs.work(resetRequests, 1, async (job) => worker.instead ?? services.passwordReset.deliver(job));
  await services.jobs.work(credentialNotices, 1, async (job) => worker.instead ?? services.changeNotices.deliver(job));
  let accountId = '';

  const letters = (queue = request) =>
    database.query<Letter>(`select * from job where name = $1 and state = 'created' order by created_on`, [
      `${queue}-dead`,
    ]);
  const ask = (email = 'alice@example.com') => latchkey.client.requestPasswordReset({ email });
  /** Tells the worker to look for jobs now; by itself it looks for jobs that were put back every 5 seconds. */
  const wake = () => database.query(`select pg_notify(${jobChannel}, name) from queue`);

  return {
    latchkey,
    worker,
    letters,
    ask,
    wake,
    /** Starts a test anew: one account, no jobs, and a worker in which every job becomes a dead letter. */
    async begin() {
      await database.query('delete from job');
      await database.query('truncate account, audit_event cascade');
      worker.instead = { settle: 'dead', reason: 'smtp-550' };
      accountId = await latchkey.signUp('alice@example.com', 'the password that gets lost');
    },
    /** Runs a command. @returns its result or failure, and what it wrote. */
    async told(work: (admin: JobsAdmin) => Promise<unknown>, audit: JobsAdminDeps['audit'] = services.audit) {
      const [out, err]: [string[], string[]] = [[], []];
      const terminal = {
        out: { write: (text: string) => out.push(text) },
        err: { write: (text: string) => err.push(text) },
      };
      const admin = new JobsAdmin({ orm, audit, schema: schemasOf().jobs, terminal });
      const answer = await work(admin).catch((error: Error) => ({ failure: error.message }));
      await admin.close();
      return { answer, out: out.join(''), err: err.join('') };
    },
    change: () =>
      services.jobs.enqueue(credentialNotices, {
        accountId,
        change: 'password-change',
        changedAt: new Date().toISOString(),
      }),
    waitForLetters: (count: number, queue?: string) =>
      eventually(
        () => letters(queue),
        (rows) => rows.length === count,
      ),
    async deadRequest(): Promise<Letter> {
      await ask();
      const [letter] = await eventually(letters, (rows) => rows.length === 1);
      if (!letter) throw new Error('no dead letter');
      return letter;
    },
    /** Waits until `count` jobs are completed. @returns their outcomes. */
    async outcomes(count = 1): Promise<string[]> {
      await wake();
      const done = `select output ->> 'outcome' as outcome from job where state = 'completed'`;
      const rows = await eventually(
        () => database.query<{ outcome: string }>(done),
        (all) => all.length === count,
      );
      return rows.map(({ outcome }) => outcome);
    },
    async events(kind: string) {
      const rows = await database.query<{ origin: string; detail: object }>(
        'select origin, detail from audit_event where kind = $1 order by id',
        [kind],
      );
      return rows.map(({ origin, detail }) => ({ origin, ...detail }));
    },
    async close() {
      await orm.close(true);
      await latchkey.close();
    },
  };
}
