import PostalMime from 'postal-mime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { keyIn, type LatchkeyOptions, startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { startSmtpSink } from '../support/smtp-sink.js';

const password = 'the password that gets lost';

interface JobRow {
  readonly id: string;
  readonly state: string;
  readonly retry_count: number;
  readonly outcome: string | null;
  readonly reason: string | null;
}

/** Every request that was made, oldest first, with how it ended. */
function requests({ database }: TestLatchkey): Promise<JobRow[]> {
  return database.query<JobRow>(
    `select id, state::text, retry_count, output->>'outcome' as outcome, output->>'reason' as reason
       from job where name = 'password-reset-request' order by created_on`,
  );
}

async function outcomes(latchkey: TestLatchkey, count: number): Promise<(string | null)[]> {
  const rows = await eventually(
    () => requests(latchkey),
    (all) => all.filter(({ state }) => state === 'completed').length >= count,
  );
  return rows.map(({ outcome }) => outcome);
}

describe('who gets a mail', () => {
  let latchkey: TestLatchkey;
  beforeAll(async () => {
    latchkey = await startLatchkey();
  });
  afterAll(() => latchkey.close());

  it('sends nothing to an address without an account, and ends the request visibly', async () => {
    await latchkey.client.requestPasswordReset({ email: 'nobody@example.com' });
    expect(await outcomes(latchkey, 1)).toEqual(['no-recipient']);
    expect(latchkey.inbox.mails()).toEqual([]);
  });

  it('sends nothing to a disabled account', async () => {
    await latchkey.signUp('disabled@example.com', password);
    await latchkey.database.query(`update account set status = 'disabled' where email = 'disabled@example.com'`);
    await latchkey.client.requestPasswordReset({ email: 'disabled@example.com' });
    expect((await outcomes(latchkey, 2)).at(-1)).toBe('no-recipient');
    expect(latchkey.inbox.mails()).toEqual([]);
  });

  // Shows: ARTHA 6.1.3, ARTHA 6.4.3
  it('sends to the stored address whatever spelling was asked for', async () => {
    await latchkey.signUp('Alice@Example.com', password);
    await latchkey.client.requestPasswordReset({ email: ' ALICE@EXAMPLE.COM ' });
    const mail = await latchkey.inbox.waitFor((each) => each.subject.startsWith('Set a new password'));
    expect(mail.envelope.to).toEqual(['alice@example.com']);
    expect(mail.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated');
    const [job] = (await requests(latchkey)).slice(-1);
    expect(mail.messageId).toBe(`<${job?.id}.reset-link@localhost>`);
    expect(mail.html).toContain(`http://localhost:4000/reset-password#key=${keyIn(mail)}`);
  });
});

it('settles a request without waiting for the audit trail, because a crash until then sends the mail again', async () => {
  const latchkey = await startLatchkey();
  try {
    await latchkey.signUp('alice@example.com', password);
    const { audit } = latchkey.services;
    let write: () => unknown = () => undefined;
    audit.noteSoon = (happening) => {
      write = () => audit.note(happening);
    };
    await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
    expect(await outcomes(latchkey, 1)).toEqual(['sent']);
    await write();
    const events = await latchkey.database.query(`select 1 from audit_event where kind = 'reset.sent'`);
    expect(events).toHaveLength(1);
  } finally {
    await latchkey.close();
  }
});

describe('a request that comes too late', () => {
  let latchkey: TestLatchkey | undefined;
  afterEach(() => latchkey?.close());

  it('sends nothing when the password was changed after it was made', async () => {
    latchkey = await startLatchkey({ withoutWorker: true });
    const id = await latchkey.signUp('alice@example.com', password);
    await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
    await latchkey.database.query(
      'update account set credentials_changed_at = now(), credential_version = 2 where id = $1',
      [id],
    );
    await latchkey.startWorker();
    expect(await outcomes(latchkey, 1)).toEqual(['superseded']);
    expect(latchkey.inbox.mails()).toEqual([]);
  });

  it('is given up after the deadline', async () => {
    latchkey = await startLatchkey({ withoutWorker: true, env: { RESET_REQUEST_DEADLINE: '60' } });
    await latchkey.signUp('alice@example.com', password);
    await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
    await latchkey.database.query(`update account set credentials_changed_at = now() - interval '1 day'`);
    await latchkey.database.query(`update job set created_on = now() - interval '61 seconds'`);
    await latchkey.startWorker();
    expect(await outcomes(latchkey, 1)).toEqual(['expired']);
    expect(latchkey.inbox.mails()).toEqual([]);
  });
});

describe('the budget of an account', () => {
  let latchkey: TestLatchkey | undefined;
  afterEach(() => latchkey?.close());
  const ask = async (count: number, email = 'alice@example.com') => {
    for (let each = 0; each < count; each++) await latchkey?.client.requestPasswordReset({ email });
  };

  // Shows: R-03, ARTHA 4.1.2, ARTHA 4.1.3, ARTHA 4.1.3.1
  it('bounds a flood, keeps the last link good until it refills, and says so', async () => {
    latchkey = await startLatchkey({ env: { LIMIT_RESET_PER_ACCOUNT: '3/7200,10/86400', RESET_KEY_TTL: '600' } });
    await latchkey.signUp('alice@example.com', password);
    // One after the other, because the link of a mail that the last one overtakes lives longer (tested below).
    for (let each = 1; each <= 3; each++) {
      await ask(1);
      await outcomes(latchkey, each);
    }
    await ask(9);
    expect((await outcomes(latchkey, 12)).filter((outcome) => outcome === 'suppressed')).toHaveLength(9);
    const keys = latchkey.inbox.mails().map(keyIn);
    expect(keys).toHaveLength(3);
    const lifetimes = await Promise.all(
      keys.map(async (key) => {
        const result = await latchkey?.client.passwordResetKey(key);
        return result?.__typename === 'ResetKeyValid'
          ? Math.round((Date.parse(result.expiresAt) - Date.now()) / 1000)
          : 0;
      }),
    );
    expect(lifetimes.filter((lifetime) => lifetime > 590 && lifetime <= 601)).toHaveLength(2);
    expect(lifetimes.filter((lifetime) => lifetime > 7_150 && lifetime <= 7_201)).toHaveLength(1);
    const texts = latchkey.inbox.mails().map(({ text }) => text.replaceAll(/\s+/g, ' '));
    const last = texts.filter((text) => /for (2 hours|119 minutes)/.test(text));
    expect(last).toHaveLength(1);
    expect(last[0]).toMatch(/Keep this mail: its link is the only one until .+ UTC\./);
    expect(last[0]).not.toContain('do nothing');
    const others = texts.filter((text) => text !== last[0]);
    expect(others.every((text) => text.includes('do nothing') && !text.includes('Keep this mail'))).toBe(true);
  });

  it('begins anew with a completed reset', async () => {
    latchkey = await startLatchkey({ env: { LIMIT_RESET_PER_ACCOUNT: '1/7200' } });
    await latchkey.signUp('alice@example.com', password);
    const key = await latchkey.keyFor('alice@example.com');
    await ask(1);
    expect((await outcomes(latchkey, 2)).at(-1)).toBe('suppressed');
    await latchkey.client.resetPassword({ key, password: 'a quite new password' });
    const second = await latchkey.keyFor('alice@example.com');
    expect(await latchkey.client.passwordResetKey(second)).toMatchObject({ __typename: 'ResetKeyValid' });
  });

  it('leaves other accounts alone', async () => {
    latchkey = await startLatchkey({ env: { LIMIT_RESET_PER_ACCOUNT: '1/7200' } });
    await latchkey.signUp('alice@example.com', password);
    await latchkey.signUp('bob@example.com', password);
    await ask(5);
    expect(await latchkey.keyFor('bob@example.com')).toMatch(/^[\w-]{43}$/);
  });
});

describe('a relay that does not take the mail', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  async function withRelay(answers: Parameters<typeof startSmtpSink>[0], options: LatchkeyOptions = {}) {
    const sink = await startSmtpSink(answers);
    const latchkey = await startLatchkey({ ...options, env: { ...options.env, SMTP_URL: sink.url } });
    stops.push(sink.stop, latchkey.close);
    await latchkey.signUp('alice@example.com', password);
    return { sink, latchkey };
  }

  // Shows: R-74
  it('is asked again after a 4xx, with the same Message-ID and a new key', async () => {
    const { sink, latchkey } = await withRelay((stage, count) =>
      stage === 'RCPT' && count === 1 ? { code: 450, text: '4.2.0 greylisted' } : undefined,
    );
    await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
    await eventually(
      () => requests(latchkey),
      ([job]) => job?.state === 'retry',
    );
    await latchkey.database.query(`update job set start_after = now() where state = 'retry'`);
    expect(await outcomes(latchkey, 1)).toEqual(['sent']);
    expect(sink.taken).toHaveLength(1);
    const [job] = await requests(latchkey);
    expect(job?.retry_count).toBe(1);
    expect(sink.taken[0]).toContain(`Message-ID: <${job?.id}.reset-link@localhost>`);
  });

  // Shows: F-34
  it('ends in a visible dead letter when the recipient is refused: few of them, however often somebody asks', async () => {
    const { sink, latchkey } = await withRelay(
      (stage) => (stage === 'RCPT' ? { code: 550, text: '5.1.1 no such user' } : undefined),
      { env: { LIMIT_RESET_PER_ACCOUNT: '2/3600,5/21600' } },
    );
    for (let each = 0; each < 30; each++) await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
    expect((await outcomes(latchkey, 28)).filter((outcome) => outcome === 'suppressed')).toHaveLength(28);
    const dead = await eventually(
      () => latchkey.database.query(`select data from job where name = 'password-reset-request-dead'`),
      (rows) => rows.length === 2,
    );
    expect(dead).toHaveLength(2);
    expect(sink.seen.RCPT).toBe(2);
  });

  it('and lets the last mail of the budget overtake another: the link of the newest mail still lives as long as the last one', async () => {
    let isLastTaken = () => {};
    const lastTaken = new Promise<undefined>((resolve) => {
      isLastTaken = () => resolve(undefined);
    });
    const { sink, latchkey } = await withRelay(
      (stage, count) => (stage === 'DATA' && count === 1 ? lastTaken : undefined),
      { env: { LIMIT_RESET_PER_ACCOUNT: '2/7200', RESET_KEY_TTL: '60' } },
    );
    const ask = () => latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
    await ask();
    await eventually(
      () => sink.seen.DATA,
      (count) => count === 1,
    );
    await ask();
    await eventually(
      () => sink.taken.length,
      (count) => count === 1,
    );
    isLastTaken();
    expect(await outcomes(latchkey, 2)).toEqual(['sent', 'sent']);
    const keys = sink.taken.map(async (raw) => keyIn({ text: (await PostalMime.parse(raw)).text ?? '' }));
    const [last, newest] = await Promise.all(keys);
    const lives = async (key = '') => {
      const answer = await latchkey.client.passwordResetKey(key);
      return answer.__typename === 'ResetKeyValid' ? Date.parse(answer.expiresAt) : 0;
    };
    const end = await lives(last);
    expect(end).toBeGreaterThan(Date.now() + 3_600_000);
    await eventually(
      () => lives(newest),
      (time) => Math.abs(time - end) < 2_000,
    );
  });

  it('that refuses us ends no request: it retries, and raises an alarm', async () => {
    const { latchkey } = await withRelay((stage) =>
      stage === 'MAIL' ? { code: 550, text: '5.7.1 not from you' } : undefined,
    );
    await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
    const [job] = await eventually(
      () => requests(latchkey),
      ([first]) => first?.state === 'retry',
    );
    expect(job?.reason).toBe('smtp-550');
    expect(latchkey.logged()).toContain('ALARM: the relay refuses us');
    expect(await latchkey.database.query(`select 1 from job where name like '%-dead'`)).toEqual([]);
  });

  it('does not hold up the others', async () => {
    const { sink, latchkey } = await withRelay((stage, count) =>
      stage === 'RCPT' && count <= 3 ? { code: 451, text: '4.2.0 later' } : undefined,
    );
    await latchkey.signUp('bob@example.com', password);
    for (let each = 0; each < 3; each++) await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
    // A domain without mails so far may have two at the same time; the third is put off before an attempt.
    await eventually(
      () => requests(latchkey),
      (rows) => sink.seen.RCPT === 3 && rows.filter(({ state }) => state === 'retry').length === 3,
    );
    await latchkey.client.requestPasswordReset({ email: 'bob@example.com' });
    await eventually(
      () => sink.taken.length,
      (count) => count === 1,
    );
    expect(sink.taken[0]).toContain('bob@example.com');
  });
});

describe('while Redis is away', () => {
  // Shows: V-36
  it('accepts requests, sends no mail without a record, and mails once it is back', async () => {
    const latchkey = await startLatchkey();
    try {
      await latchkey.signUp('alice@example.com', password);
      const { resetKeys } = latchkey.services;
      const remember = resetKeys.remember.bind(resetKeys);
      let away = true;
      resetKeys.remember = async (...args) => {
        if (away) throw new Error('Connection is closed.');
        return remember(...args);
      };
      expect(await latchkey.client.requestPasswordReset({ email: 'alice@example.com' })).toMatchObject({
        __typename: 'PasswordResetRequested',
      });
      await eventually(
        () => requests(latchkey),
        ([job]) => job?.state === 'retry',
      );
      expect(latchkey.inbox.mails()).toEqual([]);
      away = false;
      await latchkey.database.query(`update job set start_after = now() where state = 'retry'`);
      const mail = await latchkey.inbox.waitFor(() => true);
      expect(await latchkey.client.passwordResetKey(keyIn(mail))).toMatchObject({ __typename: 'ResetKeyValid' });
    } finally {
      await latchkey.close();
    }
  });
});
