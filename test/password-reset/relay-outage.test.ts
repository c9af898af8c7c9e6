import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Mailer } from '../../src/mail/mailer.js';
import { smtpTimeouts } from '../../src/mail/relay/relay.js';
import { jobChannel } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { type Fault, type Stage, startRawRelay } from '../support/raw-relay.js';

const password = 'the password that gets lost';
const timeouts = {
  ...smtpTimeouts,
  connection: 1_000,
  greeting: 1_000,
  silence: 1_000,
  patience: 1_000,
  whole: 4_000,
};
const breaker = { failures: 3, firstPause: 200, longestPause: 1_000 };

interface JobRow {
  readonly id: string;
  readonly state: string;
  readonly retry_count: number;
  readonly outcome: string | null;
  readonly reason: string | null;
}

let latchkey: TestLatchkey;
let relay: Awaited<ReturnType<typeof startRawRelay>>;
beforeAll(async () => {
  relay = await startRawRelay();
  latchkey = await startLatchkey({
    env: { SMTP_URL: relay.url.replace('//', '//user:pw@') },
    overrides: {
      mailer: ({ log, metrics }) => {
        if (!log || !metrics) throw new Error('made too early');
        const settings = { smtpUrls: [relay.url.replace('//', '//user:pw@')], from, requireTls: false };
        return new Mailer(settings, log, metrics, { connections: 8, timeouts, breaker });
      },
    },
  });
  for (const name of names) await latchkey.signUp(`${name}@example.com`, password);
});
afterAll(async () => {
  await latchkey.close();
  await relay.stop();
});
beforeEach(async () => {
  await latchkey.database.query('delete from job');
  relay.faults = () => undefined;
  await relay.comeBack();
  // Whatever the test before did to the relay, one answered mail closes the breaker.
  await eventually(
    () => latchkey.services.mailer.send({ ...probe, to: 'probe@example.com' }),
    (failure) => failure === undefined,
  );
  relay.taken.length = 0;
  for (const stage of Object.keys(relay.seen) as Stage[]) relay.seen[stage] = 0;
});

const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory', 'niaj'];
const from = { name: 'Acme', address: 'no-reply@acme.example' };
const probe = { subject: 'x', html: 'x', text: 'x', language: 'en', messageId: 'probe' };

const ask = async (...people: string[]) => {
  for (const name of people) {
    const answer = await latchkey.client.requestPasswordReset({ email: `${name}@example.com` });
    expect(answer.__typename).toBe('PasswordResetRequested');
  }
};
const jobs = () =>
  latchkey.database.query<JobRow>(
    `select id, state::text, retry_count, output->>'outcome' as outcome, output->>'reason' as reason
       from job where name = 'password-reset-request' order by created_on`,
  );
const letters = () => latchkey.database.query(`select 1 from job where name like '%-dead'`);
const waiting = (count: number) =>
  eventually(jobs, (rows) => rows.filter(({ state }) => state === 'retry').length === count, 20_000);
const outcomes = async (count: number) =>
  (await eventually(jobs, (rows) => rows.filter(({ state }) => state === 'completed').length === count, 30_000)).map(
    ({ outcome }) => outcome,
  );
/** Connections that stay open would skip the first stages. */
const newLines = () => relay.goDown().then(() => relay.comeBack());
/** Ends the back-off of jobs that nothing else wakes. */
const retryNow = () =>
  latchkey.database.query(
    `with due as (update job set start_after = now() where state = 'retry' returning name)
     select pg_notify(${jobChannel}, name) from due`,
  );
const messageIds = () => relay.taken.map((raw) => /^Message-ID: (\S+)/m.exec(raw)?.[1]);
const recipients = () => relay.taken.map((raw) => /^To: (\S+)/m.exec(raw)?.[1]).sort();
const ambiguous = async () => {
  const { body } = await latchkey.services.metrics.text();
  return Number(/latchkey_mails_total\{[^}]*outcome="ambiguous"[^}]*\} (\d+)/.exec(body)?.[1] ?? 0);
};

describe('a relay that is down', () => {
  // Shows: V-47, F-30
  it('ends no request: all are mailed once, soon after it is back, whatever their back-off was', async () => {
    await relay.goDown();
    await ask(...names);
    // The other jobs stay in their slots until there is a relay, or their time to wait ends.
    await eventually(jobs, (rows) => rows.filter(({ state }) => state === 'retry').length >= names.length - 6);
    // As after a long outage: the queue itself would wait for minutes.
    await latchkey.database.query(`update job set start_after = now() + interval '4 min' where state = 'retry'`);
    expect(latchkey.services.mailer.relays.map(({ isUp }) => isUp)).toEqual([false]);
    expect((await latchkey.services.metrics.text()).body).toMatch(/latchkey_relay_up\{[^}]*\} 0/);
    expect(latchkey.logged()).toContain('a relay rests');

    await relay.comeBack();
    const began = performance.now();
    expect(await outcomes(names.length)).toEqual(names.map(() => 'sent'));
    console.info(
      `recovery: ${names.length} mails ${Math.round(performance.now() - began)} ms after the relay was back`,
    );
    expect(recipients()).toEqual(names.map((name) => `${name}@example.com`).sort());
    expect(await letters()).toEqual([]);
    expect(latchkey.logged()).toContain('a relay is back');
    expect((await latchkey.services.metrics.text()).body).toMatch(/latchkey_relay_up\{[^}]*\} 1/);
  });

  it('tries a single request again soon, although no other request wakes the worker', async () => {
    await relay.goDown();
    await ask('alice');
    for (let each = 0; each < 3; each++) {
      await eventually(jobs, ([job]) => job?.state === 'retry' && job.retry_count >= each - 1);
      await retryNow();
      await eventually(jobs, ([job]) => job?.state === 'retry' && job.retry_count >= each);
    }
    await eventually(
      () => latchkey.services.mailer.relays[0]?.isUp,
      (isUp) => isUp === false,
    );
    await latchkey.database.query(`update job set start_after = now() + interval '4 min' where state = 'retry'`);
    await relay.comeBack();
    expect(await outcomes(1)).toEqual(['sent']);
    expect(relay.taken).toHaveLength(1);
  });
});

describe('a relay that refuses for now', () => {
  // Shows: F-33
  it.each<[Stage, Fault]>([
    ['greeting', '421 4.3.2 too busy'],
    ['MAIL', '452 4.3.1 no room'],
    ['RCPT', '451 4.7.1 try later'],
    ['DATA', '451 local error'],
    ['dot', '421 4.3.2 closing'],
    ['dot', '452 4.3.1 no room'],
  ])('at %s with %s is asked again, and takes one mail', async (stage, fault) => {
    relay.faults = (each, count) => (each === stage && count === 1 ? fault : undefined);
    if (stage === 'greeting') await newLines();
    await ask('alice');
    await waiting(1);
    await retryNow();
    expect(await outcomes(1)).toEqual(['sent']);
    expect(relay.taken).toHaveLength(1);
    expect(await letters()).toEqual([]);
  });

  // Shows: F-32
  it('with greylisting, time and again, gets one mail in the end, with the Message-ID of the first try', async () => {
    relay.faults = (stage, count) => (stage === 'RCPT' && count <= 3 ? '450 4.7.1 greylisted' : undefined);
    await ask('alice');
    for (let each = 0; each < 3; each++) {
      await eventually(jobs, ([job]) => job?.state === 'retry' && job.retry_count >= each);
      await retryNow();
    }
    expect(await outcomes(1)).toEqual(['sent']);
    const [job] = await jobs();
    expect(messageIds()).toEqual([`<${job?.id}.reset-link@acme.example>`]);
  });
});

describe('a relay that refuses us', () => {
  // Shows: F-35
  it.each<[Stage, Fault]>([
    ['AUTH', '535 5.7.8 wrong password'],
    ['MAIL', '530 5.7.0 authenticate first'],
    ['greeting', '554 5.3.2 no service'],
    ['dot', '554 5.7.1 looks like spam'],
  ])('at %s with %s: an alarm, no dead letter, and every mail once it takes us', async (stage, fault) => {
    relay.faults = (each) => (each === stage ? fault : undefined);
    if (stage === 'AUTH' || stage === 'greeting') await newLines();
    const alarms = latchkey.logged().split('ALARM: the relay refuses us').length;
    await ask('alice', 'bob', 'carol', 'dave');
    await eventually(jobs, (rows) => rows.every((job) => job.state === 'retry' || job.retry_count > 0));
    expect(latchkey.logged().split('ALARM: the relay refuses us').length).toBeGreaterThan(alarms);
    expect(await letters()).toEqual([]);
    relay.faults = () => undefined;
    await retryNow();
    expect(await outcomes(4)).toEqual(['sent', 'sent', 'sent', 'sent']);
    expect(relay.taken).toHaveLength(4);
  });
});

describe('a line that is lost', () => {
  // Shows: F-36
  it('while the mail is on its way: one mail, by the retry', async () => {
    relay.faults = (stage, count) => (stage === 'DATA' && count === 1 ? 'half' : undefined);
    await ask('alice');
    await waiting(1);
    await retryNow();
    expect(await outcomes(1)).toEqual(['sent']);
    expect(relay.taken).toHaveLength(1);
  });

  // Shows: V-46, F-37
  it('before the 250 arrives: two copies with one Message-ID, counted as ambiguous', async () => {
    const before = await ambiguous();
    relay.faults = (stage, count) => (stage === 'dot' && count === 1 ? 'lost' : undefined);
    await ask('alice');
    await waiting(1);
    await retryNow();
    expect(await outcomes(1)).toEqual(['sent']);
    expect(relay.taken).toHaveLength(2);
    expect(new Set(messageIds()).size).toBe(1);
    expect((await ambiguous()) - before).toBe(1);
  });
});

// Shows: F-31
it('holds up nobody while one mail gets no answer', async () => {
  relay.faults = (stage, count) => (stage === 'RCPT' && count <= 2 ? 'drip' : undefined);
  await ask('alice', 'bob');
  await eventually(
    () => relay.seen.RCPT,
    (count) => count === 2,
  );
  await ask('carol', 'dave', 'erin');
  await eventually(
    () => relay.taken.length,
    (count) => count === 3,
    8_000,
  );
  expect(recipients()).toEqual(['carol', 'dave', 'erin'].map((name) => `${name}@example.com`));
  await waiting(2);
  await retryNow();
  expect(await outcomes(5)).toEqual(Array(5).fill('sent'));
  expect(relay.taken).toHaveLength(5);
});
