import { afterAll, beforeAll, expect, it } from 'vitest';
import { momentWithDay } from '../../src/languages/times.js';
import { resetRequests } from '../../src/password-reset/reset-requests.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

const email = 'alice@example.com';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey();
  await latchkey.signUp(email, 'the password that gets lost');
  await latchkey.database.query(`update account set credentials_changed_at = now() - interval '1 day'`);
});
afterAll(() => latchkey.close());

/** The line of the next mail that tells where its request came from. */
async function told(ask: () => Promise<unknown>): Promise<{ line: string; html: string }> {
  const before = new Set(latchkey.inbox.mails());
  await ask();
  const mail = await latchkey.inbox.waitFor((each) => !before.has(each));
  return { line: /^Asked for .*$/m.exec(mail.text)?.[0] ?? mail.text, html: mail.html };
}
const ask = (userAgent: string) =>
  latchkey.post(
    { query: `mutation { requestPasswordReset(input: { email: "${email}" }) { __typename } }` },
    { 'user-agent': userAgent },
  );
const lastJob = () =>
  latchkey.database.query<{ created_on: Date; data: { browser?: unknown } }>(
    `select created_on, data from job where name = 'password-reset-request' order by created_on desc limit 1`,
  );

it('a mail tells the browser, the day and the time of its request', async () => {
  const { line, html } = await told(() => ask(firefox));
  const [job] = await lastJob();
  expect(line).toBe(`Asked for with Firefox on ${momentWithDay(new Date(job?.created_on ?? 0), 'en')}.`);
  expect(html).toContain(line);
});

it('keeps one word of what the client says of itself, and no word of any other', async () => {
  const { line, html } = await told(() => ask('Mozilla/5.0 Zqx <img src=x> {{ link }} 203.0.113.9'));
  expect(line).toMatch(/^Asked for with a browser on /);
  const [job] = await lastJob();
  expect(job?.data.browser).toBe('other');
  expect(JSON.stringify(job) + html).not.toMatch(/Zqx|img src=x|203\.0\.113\.9/);
});

it.each([
  ['of an older process, without one', {}, /^Asked for on \w+day, /],
  ['of a newer process, with one that is not known here', { browser: 'netscape' }, /^Asked for on \w+day, /],
  ['with a damaged one', { browser: { toString: '<b>' } }, /^Asked for on \w+day, /],
  ['of an app', { browser: 'app' }, /^Asked for with an app on /],
  ['that was divided: when the person asked', { askedAt: new Date(Date.now() - 1_200_000).toISOString() }, undefined],
])('a job %s, gets its mail', async (_which, data, line) => {
  const job = { email, locale: null, requestId: 'r', client: '203.0.113.7', ...data };
  const { line: said } = await told(() => latchkey.services.jobs.enqueue(resetRequests, job as never));
  const askedAt = 'askedAt' in data ? `Asked for on ${momentWithDay(new Date(data.askedAt), 'en')}.` : undefined;
  if (line) expect(said).toMatch(line);
  else expect(said).toBe(askedAt);
});
