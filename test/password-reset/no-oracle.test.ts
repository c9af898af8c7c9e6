import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EmailAddress } from '../../src/accounts/email-address.js';
import type { Job } from '../../src/jobs/job-attempt.js';
import type { Clock } from '../../src/mail/dialogue-times.js';
import { Mailer } from '../../src/mail/mailer.js';
import type { ResetRequest } from '../../src/password-reset/reset-requests.js';
import { slotsOfQueues } from '../../src/services/queues.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { startRawRelay } from '../support/raw-relay.js';

const password = 'the password that gets lost';

/** A clock that advances only by `sleep`. */
class TestClock implements Clock {
  time = 1_000;
  readonly now = () => this.time;
  readonly sleep = async (milliseconds: number) => {
    this.time += milliseconds;
  };
}

let latchkey: TestLatchkey;
let relay: Awaited<ReturnType<typeof startRawRelay>>;
const clock = new TestClock();
beforeAll(async () => {
  relay = await startRawRelay();
  latchkey = await startLatchkey({
    withoutWorker: true,
    env: { LIMIT_RESET_PER_ACCOUNT: '1/3600', SMTP_URL: relay.url },
    overrides: {
      mailer: ({ log, metrics, dialogueTimes: times }) => {
        if (!log || !metrics || !times) throw new Error('made too early');
        const settings = {
          smtpUrls: [relay.url],
          from: { name: 'Acme', address: 'no-reply@acme.example' },
          requireTls: false,
        };
        return new Mailer(settings, log, metrics, { connections: 8, slots: slotsOfQueues, times, clock });
      },
    },
  });
  for (const name of ['disabled', 'spent', 'changed', 'late', 'unlucky'])
    await latchkey.signUp(`${name}@known.example`, password);
  for (const name of ['one', 'two']) await latchkey.signUp(`${name}@grey.example`, password);
  await latchkey.database.query(`update account set status = 'disabled' where email like 'disabled@%'`);
});
afterAll(async () => {
  await latchkey.close();
  await relay.stop();
});

const note = async (domain: string, ...lengths: number[]) => {
  for (const each of lengths) latchkey.services.dialogueTimes.note(domain, each);
  await latchkey.services.dialogueTimes.written();
};
beforeEach(async () => {
  relay.faults = () => undefined;
  await latchkey.redis.del('dialogue-times');
  await note('known.example', ...Array.from({ length: 16 }, () => 300));
});

/** Makes one attempt. @returns how it ended, and how many milliseconds it had its place. */
async function attempt(email: string, more: Partial<Job<ResetRequest>> = {}) {
  const begun = clock.now();
  const data = { email: email as EmailAddress, locale: null, requestId: 'r', client: '203.0.113.7' };
  const job: Job<ResetRequest> = {
    id: randomUUID(),
    data,
    attempt: 1,
    wasTried: false,
    createdAt: new Date(),
    startedAt: new Date(),
    begun,
    signal: new AbortController().signal,
    ...more,
  };
  const settlement = await latchkey.services.passwordReset
    .deliver(job)
    .catch((error: { part?: string }) => ({ settle: `no-${error.part}`, outcome: undefined, slotIsFree: undefined }));
  await settlement.slotIsFree;
  return {
    end: 'outcome' in settlement ? (settlement.outcome ?? settlement.settle) : settlement.settle,
    held: clock.now() - begun,
  };
}

describe('a job that sends nothing holds its place as long as a mail to that domain took', () => {
  const longAgo = () => new Date(Date.now() - 3_700_000);
  const ends: readonly (readonly [string, string, () => Promise<{ end: string; held: number }>])[] = [
    ['there is no account', 'no-recipient', () => attempt('nobody@known.example')],
    ['the account is disabled', 'no-recipient', () => attempt('disabled@known.example')],
    [
      'the password was changed since',
      'superseded',
      () => attempt('changed@known.example', { createdAt: new Date(Date.now() - 600_000) }),
    ],
    ['it is too late', 'expired', () => attempt('late@known.example', { createdAt: longAgo() })],
    [
      'it is too late, and there is no account',
      'no-recipient',
      () => attempt('no@known.example', { createdAt: longAgo() }),
    ],
    [
      'the budget is used up',
      'suppressed',
      async () => {
        const services = latchkey.services;
        const account = await services.accounts.find({ email: 'spent@known.example' as EmailAddress });
        if (!account) throw new Error('no account');
        await services.resetBudget.take(randomUUID(), account);
        return attempt('spent@known.example');
      },
    ],
    [
      'Redis fails in between',
      'no-redis',
      async () => {
        const { resetKeys } = latchkey.services;
        const remember = resetKeys.remember;
        const { Unavailable } = await import('../../src/calls/errors.js');
        resetKeys.remember = () => Promise.reject(new Unavailable('redis'));
        const ended = await attempt('unlucky@known.example');
        resetKeys.remember = remember;
        return ended;
      },
    ],
    ['it is a later attempt', 'no-recipient', () => attempt('nobody@known.example', { attempt: 3 })],
  ];
  for (const [because, end, run] of ends) {
    it(`because ${because}`, async () => {
      expect(await run()).toEqual({ end, held: 300 });
    });
  }

  it('without mails to that domain as one to any; with damaged data, too', async () => {
    expect(await attempt('nobody@other.example')).toEqual({ end: 'no-recipient', held: 300 });
    expect(await attempt('broken')).toEqual({ end: 'dead', held: 300 });
    const { services } = await startedAnew();
    expect(await services.dialogueTimes.draw('other.example')).toBeUndefined();
  });
});

describe('a mail keeps its place as long as nine of ten dialogues with that domain took', () => {
  const took = (ms: number) => {
    relay.faults = (stage) => {
      if (stage === 'dot') clock.time += ms;
      return undefined;
    };
  };
  const lengths = [...Array(14).fill(280), 300, 4_000];

  it('however soon it was handed over; and so does a job that sends nothing, whichever length is drawn', async () => {
    await note('quick.example', ...lengths);
    await latchkey.signUp('one@quick.example', password);
    took(270);
    expect(await attempt('one@quick.example')).toEqual({ end: 'sent', held: 300 });
    await note('quick.example', ...lengths);
    const held: number[] = [];
    while (held.length < 8) held.push((await attempt('nobody@quick.example')).held);
    expect(held.filter((each) => each !== 4_000)).toEqual(held.filter((each) => each !== 4_000).map(() => 300));
  });

  it('and when it takes longer, until it was handed over', async () => {
    await note('slower.example', ...lengths);
    await latchkey.signUp('one@slower.example', password);
    took(310);
    expect(await attempt('one@slower.example')).toEqual({ end: 'sent', held: 310 });
  });

  it('a retry, too', async () => {
    await note('again.example', ...lengths);
    await latchkey.signUp('one@again.example', password);
    took(100);
    expect(await attempt('one@again.example', { attempt: 2 })).toEqual({ end: 'sent', held: 300 });
  });
});

/** The dialogue times of a worker that has just started. */
async function startedAnew() {
  const { DialogueTimes } = await import('../../src/mail/dialogue-times.js');
  await latchkey.redis.del('dialogue-times');
  return { services: { dialogueTimes: new DialogueTimes(latchkey.redis, (domain) => domain, 60_000) } };
}

describe('how long a mail took', () => {
  it('is remembered by domain, failed first dialogues, too, and not of retries', async () => {
    const { dialogueTimes } = latchkey.services;
    relay.faults = (stage) => {
      if (stage === 'RCPT') clock.time += 70;
      return stage === 'RCPT' ? '451 4.7.1 greylisted' : undefined;
    };
    // No dialogue with this domain is known yet, so the place is kept by those with any domain.
    expect(await attempt('one@grey.example')).toEqual({ end: 'retry', held: 300 });
    await dialogueTimes.written();
    expect(await attempt('nobody@grey.example')).toEqual({ end: 'no-recipient', held: 70 });
    relay.faults = (stage) => {
      if (stage === 'RCPT') clock.time += 5_000;
      return undefined;
    };
    expect(await attempt('two@grey.example', { attempt: 2 })).toEqual({ end: 'sent', held: 5_000 });
    await dialogueTimes.written();
    expect(await attempt('nobody@grey.example')).toEqual({ end: 'no-recipient', held: 70 });
  });
});
