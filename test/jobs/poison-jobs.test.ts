import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mostFaults } from '../../src/jobs/job-attempt.js';
import { MailTemplates } from '../../src/mail/mail-template.js';
import { templatesFolder } from '../../src/package-files.js';
import { resetRequests } from '../../src/password-reset/reset-requests.js';
import { workerSlots } from '../../src/services/queues.js';
import { jobChannel } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-templates-'));
  await cp(templatesFolder, folder, { recursive: true });
  const texts = JSON.parse(await readFile(join(folder, 'locales/en.json'), 'utf8'));
  // The French template names a value that does not exist, so rendering a mail in French always fails.
  texts.mail['reset-link'].heading = ['Nouveau mot de passe pour ', { arg: 'produit' }];
  await writeFile(join(folder, 'locales/fr.json'), JSON.stringify(texts));
  latchkey = await startLatchkey({ overrides: { mailTemplates: () => new MailTemplates(folder) } });
  for (const name of ['alice', 'bob', 'carol'])
    await latchkey.signUp(`${name}@example.com`, 'a password that gets lost');
});
afterAll(async () => {
  await latchkey.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => latchkey.database.query('delete from job'));

const count = async (sql: string) => (await latchkey.database.query(`select 1 from job where ${sql}`)).length;
const request = `name = 'password-reset-request'`;
const letters = () =>
  latchkey.database.query<{ source_output: Record<string, unknown>; source_retry_count: number }>(
    `select source_output, source_retry_count from job where name = 'password-reset-request-dead'`,
  );
/** Makes every retry due immediately, again and again, until there are `dead` dead letters. */
const untilDead = (dead: number) =>
  eventually(
    async () => {
      await latchkey.database.query(
        `with due as (update job set start_after = now() where state = 'retry' returning name)
         select pg_notify(${jobChannel}, name) from due`,
      );
      return letters();
    },
    (rows) => rows.length === dead,
    30_000,
  );

describe('a job that can never succeed', () => {
  // Shows: F-52
  it('holds up nobody, however many there are, and ends as a dead letter that says why', async () => {
    const email = 'alice@example.com';
    const poisoned = workerSlots.links + 2;
    for (let each = 0; each < poisoned; each++) {
      await latchkey.client.requestPasswordReset({ email, locale: 'fr' });
    }
    for (const name of ['bob', 'carol']) {
      await latchkey.client.requestPasswordReset({ email: `${name}@example.com`, locale: 'en' });
    }
    await eventually(
      () => latchkey.inbox.mails().length,
      (mails) => mails === 2,
    );
    await eventually(
      () => count(`${request} and state = 'retry'`),
      (waiting) => waiting === poisoned,
    );
    expect(await letters()).toEqual([]);
    const dead = await untilDead(poisoned);
    for (const letter of dead) {
      expect(letter).toMatchObject({ source_output: { reason: 'fault', faults: mostFaults } });
      // A job that found its domain's share of the slots taken was put off, which counts as no attempt.
      const { putOff = 0 } = letter.source_output as { putOff?: number };
      expect(letter.source_retry_count - putOff).toBe(mostFaults - 1);
    }
    expect(latchkey.inbox.mails()).toHaveLength(2);
    expect(latchkey.logged()).not.toContain('produit');
  });

  it.each([
    ['without an address', { locale: null, requestId: 'x', client: '127.0.0.1' }],
    ['with nothing', {}],
    [
      'with a list in place of an address',
      { email: ['alice@example.com', 'bob@example.com'], locale: null, requestId: 'x', client: 'x' },
    ],
    ['with a condition in place of an address', { email: { $ne: '' }, locale: null, requestId: 'x', client: 'x' }],
  ])('because its data is broken (%s) mails nobody', async (_name, data) => {
    const mails = latchkey.inbox.mails().length;
    await latchkey.services.jobs.enqueue(resetRequests, data as never);
    await latchkey.client.requestPasswordReset({ email: 'bob@example.com' });
    await eventually(
      () => latchkey.inbox.mails().length,
      (now) => now > mails,
    );
    await untilDead(1);
    expect(
      latchkey.inbox
        .mails()
        .slice(mails)
        .map(({ to }) => to),
    ).toEqual(['bob@example.com']);
  });

  it('is not one that a lost store held up', async () => {
    const mails = latchkey.inbox.mails().length;
    latchkey.services.redis.disconnect();
    await latchkey.client.requestPasswordReset({ email: 'carol@example.com' });
    await eventually(
      () => count(`${request} and state = 'retry' and output ->> 'reason' = 'no-redis' and output -> 'faults' is null`),
      (waiting) => waiting === 1,
    );
    expect(latchkey.inbox.mails()).toHaveLength(mails);
  });
});
