import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Mailer } from '../../src/mail/mailer.js';
import { smtpTimeouts } from '../../src/mail/smtp/timeouts.js';
import { slotsOfQueues } from '../../src/services/queues.js';
import { jobChannel } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { startRawRelay } from '../support/raw-relay.js';

/** So long that no wait for a recipient times out here: an owner's mail does not arrive because of a timeout. */
const timeouts = { ...smtpTimeouts, recipient: 120_000, silence: 120_000, whole: 300_000 };
const password = 'the password that gets lost';
const from = { name: 'Acme', address: 'no-reply@acme.example' };

let latchkey: TestLatchkey;
let relay: Awaited<ReturnType<typeof startRawRelay>>;
/** Addresses that were sent in RCPT and got no reply, on connections that are open. */
let stuck: string[];

beforeAll(async () => {
  relay = await startRawRelay();
  latchkey = await startLatchkey({
    overrides: {
      mailer: ({ log, metrics }) => {
        if (!log || !metrics) throw new Error('made too early');
        const settings = { smtpUrls: [relay.url], from, requireTls: false };
        return new Mailer(settings, log, metrics, { connections: 8, slots: slotsOfQueues, timeouts });
      },
    },
  });
  for (const email of [...slow, ...elsewhere, ...owners]) await latchkey.signUp(email, password);
});
afterAll(async () => {
  await relay.stop();
  await latchkey.close();
});
beforeEach(async () => {
  await latchkey.database.query('delete from job');
  stuck = [];
  relay.taken.length = 0;
});

const eight = [1, 2, 3, 4, 5, 6, 7, 8];
/** Addresses at one domain, each at its own subdomain. */
const slow = eight.map((each) => `person@mail${each}.slow.example`);
/** Addresses at eight domains of one server. */
const elsewhere = eight.map((each) => `person@slow${each}.example`);
const owners = ['alice@one.example', 'bob@one.example', 'carol@two.example', 'dave@three.example'];

const ask = async (...people: string[]) => {
  for (const email of people) {
    expect((await latchkey.client.requestPasswordReset({ email })).__typename).toBe('PasswordResetRequested');
  }
};
const fallsSilentAtSlowOnes = () => {
  relay.faults = (stage, _count, said) => {
    if (stage !== 'RCPT' || !said.includes('slow')) return undefined;
    stuck.push(said);
    return 'silence';
  };
};
const recipients = () => relay.taken.map((raw) => /^To: (\S+)/m.exec(raw)?.[1]).sort();
const jobs = (state: string) =>
  latchkey.database.query<{ output: { reason?: string; putOff?: number } | null; retry_count: number }>(
    `select output, retry_count from job where name = 'password-reset-request' and state = '${state}'`,
  );
/** Ends the pause before every next attempt. */
const now = () =>
  latchkey.database.query(
    `with due as (update job set start_after = now() where state = 'retry' returning name)
     select pg_notify(${jobChannel}, name) from due`,
  );

describe('eight accounts whose mail server never answers', () => {
  it('of one domain hold a third of the slots, open no breaker, and four owners get their mails beside them', async () => {
    fallsSilentAtSlowOnes();
    await ask(...slow);
    await eventually(
      () => stuck.length,
      (count) => count === 2,
    );
    await ask(...owners);
    await eventually(
      () => relay.taken.length,
      (count) => count === owners.length,
    );
    expect(recipients()).toEqual([...owners].sort());
    // The others wait without a slot, and no attempt was counted for them.
    expect(stuck).toHaveLength(2);
    await eventually(
      () => jobs('active'),
      (active) => active.length === 2,
    );
    for (const { output } of await jobs('retry')) expect(output).toMatchObject({ putOff: expect.any(Number) });
    expect(latchkey.services.mailer.relays).toMatchObject([{ isUp: true }]);
    expect(latchkey.logged()).not.toContain('a relay rests');
    expect((await latchkey.services.metrics.text()).body).toMatch(/outcome="later"/);

    // Once their server answers, all of them get their mails.
    relay.faults = () => undefined;
    relay.hangUp();
    await eventually(
      async () => {
        await now();
        return relay.taken.length;
      },
      (count) => count === owners.length + slow.length,
      30_000,
    );
    expect(recipients()).toEqual([...owners, ...slow].sort());
  }, 60_000);

  it('of eight domains hold two thirds together, and the owners get theirs', async () => {
    fallsSilentAtSlowOnes();
    await ask(...elsewhere);
    await eventually(
      () => stuck.length,
      (count) => count >= 6,
    );
    await ask(...owners);
    await eventually(
      () => relay.taken.length,
      (count) => count === owners.length,
      20_000,
    );
    expect(recipients()).toEqual([...owners].sort());
    const states = await jobs('active');
    expect(states.length).toBeLessThanOrEqual(6);
    expect(latchkey.logged()).toContain('recipient-slow');
    expect(latchkey.services.mailer.relays).toMatchObject([{ isUp: true }]);
    relay.faults = () => undefined;
    relay.hangUp();
  }, 60_000);
});
