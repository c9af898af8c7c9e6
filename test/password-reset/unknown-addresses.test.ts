import { afterEach, describe, expect, it } from 'vitest';
import { jobChannel } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { type LatchkeyOptions, startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { startRawRelay } from '../support/raw-relay.js';

const on = {
  NOTIFY_UNKNOWN_ADDRESS: 'on',
  LIMIT_NOTIFY_UNKNOWN_PER_ADDRESS: '100/86400',
  LIMIT_NOTIFY_UNKNOWN_PER_CLIENT: '100/86400',
  LIMIT_NOTIFY_UNKNOWN_IN_ALL: '100/3600',
  MAIL_FROM: 'Acme <no-reply@acme.example>',
  PRODUCT_NAME: 'Acme <b>',
  TRUST_PROXY: '127.0.0.1',
};

let latchkey: TestLatchkey;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(env: Record<string, string> = {}, options: LatchkeyOptions = {}) {
  latchkey = await startLatchkey({ ...options, env: { ...on, ...env } });
  stops.push(latchkey.close);
}

interface JobRow {
  readonly id: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly reason: string | null;
}
const jobs = () =>
  latchkey.database.query<JobRow>(
    `select id, state::text, output->>'outcome' as outcome, output->>'reason' as reason
       from job where name = 'password-reset-request' order by created_on`,
  );

/** Makes one request after the other, each from the client with this IP address. @returns how each ended. */
async function ask(requests: readonly (readonly [email: string, client?: string, locale?: string])[]) {
  const before = (await jobs()).length;
  let asked = 0;
  for (const [email, client = '203.0.113.7', locale] of requests) {
    const variables = { input: { email, locale: locale ?? null } };
    const query = 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }';
    const answer = await latchkey.post({ query, variables }, { 'x-forwarded-for': client });
    expect(await answer.json()).toEqual({ data: { requestPasswordReset: { __typename: 'PasswordResetRequested' } } });
    asked++;
    await eventually(jobs, (rows) => rows.filter(({ state }) => state === 'completed').length === before + asked);
  }
  return (await jobs()).slice(before).map(({ outcome }) => outcome);
}
const recipients = () => latchkey.inbox.mails().map(({ to }) => to);
const retryNow = () =>
  latchkey.database.query(
    `with due as (update job set start_after = now() where state = 'retry' returning name)
     select pg_notify(${jobChannel}, name) from due`,
  );
const limits = () => latchkey.redis.keys('limit:unknown-*');

describe('a request for an address without an account', () => {
  it('is told to its holder: at the typed address, with no key, and in the audit trail', async () => {
    await start({ SUPPORT_URL: 'https://acme.example/help' });
    expect(await ask([['Nobody+Tag@EXAMPLE.com']])).toEqual(['told-unknown']);
    const [mail] = latchkey.inbox.mails();
    const [job] = await jobs();
    expect(mail?.envelope).toEqual({ from: 'no-reply@acme.example', to: ['nobody+tag@example.com'] });
    expect(mail?.messageId).toBe(`<${job?.id}.unknown-address@acme.example>`);
    expect(mail?.subject).toBe('Somebody asked for a new password at Acme <b>');
    expect(mail?.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated');
    expect(mail?.text).toContain('There is no Acme <b> account with it.');
    expect(mail?.text).toContain('https://acme.example/help');
    expect(mail?.html).toContain('Acme &lt;b&gt;');
    for (const body of [mail?.text, mail?.html]) {
      expect(body).toContain('http://localhost:4000/reset-password');
      expect(body).not.toMatch(/#key=|<img|<script/);
      expect(body?.toLowerCase()).not.toContain('nobody+tag');
    }
    const events = await eventually(
      () =>
        latchkey.database.query(`select account_id, client, detail from audit_event where kind = 'reset.told-unknown'`),
      (rows) => rows.length === 1,
    );
    expect(events).toEqual([{ account_id: null, client: '203.0.113.7', detail: { jobId: job?.id } }]);
    expect(await latchkey.redis.keys('reset:*')).toEqual([]);
    expect((await limits()).join()).not.toContain('nobody');
  });

  it('is told to nobody unless the operator wants it, nor where there is an account that is disabled', async () => {
    await start({ NOTIFY_UNKNOWN_ADDRESS: '' });
    expect(await ask([['nobody@example.com']])).toEqual(['no-recipient']);
    expect(await limits()).toEqual([]);
    await latchkey.close();
    stops.length = 0;
    await start();
    await latchkey.signUp('disabled@example.com', 'a password that gets lost');
    await latchkey.database.query(`update account set status = 'disabled'`);
    expect(await ask([['disabled@example.com']])).toEqual(['no-recipient']);
    expect(recipients()).toEqual([]);
  });
});

describe('the budgets', () => {
  it('bound the mails to one mailbox, whatever tag it is given', async () => {
    await start({ LIMIT_NOTIFY_UNKNOWN_PER_ADDRESS: '1/86400' });
    const outcomes = await ask([
      ['nobody@example.com'],
      ['nobody@example.com', '198.51.100.1'],
      ['nobody+again@example.com', '198.51.100.2'],
      ['somebody@example.com'],
    ]);
    expect(outcomes).toEqual(['told-unknown', 'no-recipient', 'no-recipient', 'told-unknown']);
    expect(recipients()).toEqual(['nobody@example.com', 'somebody@example.com']);
  });

  it('bound the mails for one client, and in all, and touch no owner of an account', async () => {
    await start({
      LIMIT_NOTIFY_UNKNOWN_PER_ADDRESS: '1/86400',
      LIMIT_NOTIFY_UNKNOWN_PER_CLIENT: '2/86400',
      LIMIT_NOTIFY_UNKNOWN_IN_ALL: '3/3600',
    });
    await latchkey.signUp('alice@example.com', 'a password that gets lost');
    const outcomes = await ask([
      ['a@example.com'],
      ['b@example.com'],
      ['c@example.com'],
      ['d@example.com', '198.51.100.1'],
      ['e@example.com', '198.51.100.2'],
      ['alice@example.com'],
    ]);
    expect(outcomes).toEqual(['told-unknown', 'told-unknown', 'no-recipient', 'told-unknown', 'no-recipient', 'sent']);
    const { body } = await latchkey.services.metrics.text();
    expect(body).toMatch(/latchkey_limits_hit_total\{[^}]*limit="unknown-client"[^}]*\} 1/);
    expect(body).toMatch(/latchkey_limits_hit_total\{[^}]*limit="unknown-all"[^}]*\} 1/);
    // A refused mail takes nothing from the other budgets: e@ gets its mail once there is room.
    await latchkey.redis.del('limit:unknown-all:3600:all');
    expect(await ask([['e@example.com', '198.51.100.2']])).toEqual(['told-unknown']);
  });
});

describe('a relay that does not take the mail', () => {
  async function withRelay(env: Record<string, string> = {}) {
    const relay = await startRawRelay();
    stops.push(relay.stop);
    await start({ SMTP_URL: relay.url, ...env });
    return relay;
  }
  const retried = async () => {
    await eventually(jobs, (rows) => rows.at(-1)?.state === 'retry');
    await retryNow();
  };

  it('is tried again, for one place in the budget', async () => {
    const relay = await withRelay({ LIMIT_NOTIFY_UNKNOWN_IN_ALL: '2/3600' });
    relay.faults = (stage, count) => (stage === 'RCPT' && count === 1 ? '450 4.7.1 greylisted' : undefined);
    await latchkey.client.requestPasswordReset({ email: 'nobody@example.com' });
    await retried();
    await eventually(jobs, ([job]) => job?.outcome === 'told-unknown');
    expect(relay.taken).toHaveLength(1);
    expect(await ask([['x@example.com'], ['y@example.com']])).toEqual(['told-unknown', 'no-recipient']);
  });

  it('because the mailbox does not exist leaves no dead letter, and costs its place', async () => {
    const relay = await withRelay({ LIMIT_NOTIFY_UNKNOWN_IN_ALL: '1/3600' });
    relay.faults = (stage) => (stage === 'RCPT' ? '550 5.1.1 no such user' : undefined);
    expect(await ask([['x@example.com'], ['y@example.com']])).toEqual(['no-recipient', 'no-recipient']);
    expect(relay.seen.RCPT).toBe(1);
    expect(await latchkey.database.query(`select 1 from job where name like '%-dead'`)).toEqual([]);
  });

  it('until the deadline gives the place back', async () => {
    const relay = await withRelay({ RESET_REQUEST_DEADLINE: '60' });
    relay.faults = (stage) => (stage === 'RCPT' ? '450 4.7.1 greylisted' : undefined);
    await latchkey.client.requestPasswordReset({ email: 'nobody@example.com' });
    await eventually(jobs, ([job]) => job?.state === 'retry');
    expect(await limits()).toHaveLength(3);
    await latchkey.database.query(`update job set created_on = now() - interval '61 seconds'`);
    await retryNow();
    await eventually(jobs, ([job]) => job?.outcome === 'expired');
    expect(await eventually(limits, (names) => names.length === 0)).toEqual([]);
  });
});

it('waits for Redis, where the budgets are', async () => {
  await start();
  latchkey.services.redis.disconnect();
  await latchkey.client.requestPasswordReset({ email: 'nobody@example.com' });
  const [job] = await eventually(jobs, ([first]) => first?.state === 'retry');
  expect(job?.reason).toBe('no-redis');
  expect(recipients()).toEqual([]);
});
