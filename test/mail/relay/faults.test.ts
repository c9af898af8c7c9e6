import { afterEach, describe, expect, it } from 'vitest';
import type { Mail } from '../../../src/mail/mail.js';
import { Mailer } from '../../../src/mail/mailer.js';
import { breakerTiming } from '../../../src/mail/relay/breaker.js';
import { smtpTimeouts } from '../../../src/mail/relay/relay.js';
import { createLog } from '../../../src/observability/log.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { eventually } from '../../support/eventually.js';
import { type Faults, type Stage, startRawRelay } from '../../support/raw-relay.js';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A twentieth of the real ones, so that a test can wait for them. */
const short = { dns: 2_000, connection: 400, greeting: 400, silence: 400, recipient: 400, patience: 500, whole: 1_600 };
const never = { ...breakerTiming, failures: 1_000 };

function start(urls: string[], { timeouts = short, breaker = never } = {}) {
  const metrics = new Metrics();
  const settings = { smtpUrls: urls, from: { name: 'Acme', address: 'no-reply@acme.example' }, requireTls: false };
  const mailer = new Mailer(settings, createLog('silent', 'test'), metrics, { connections: 8, timeouts, breaker });
  stops.push(() => mailer.close());
  let count = 0;
  const send = (to = 'alice@example.com', signal?: AbortSignal) => mailer.send(mail(to, ++count), signal);
  return { mailer, metrics, send };
}

async function relay(faults?: Faults) {
  const made = await startRawRelay(faults);
  stops.push(made.stop);
  return made;
}

const mail = (to: string, count: number): Mail => ({
  to,
  subject: 'Hello',
  html: `<p>${'Hello. '.repeat(3_000)}</p>`,
  text: 'Hello',
  language: 'en',
  messageId: `job-${count}.hello`,
});
const at =
  (stage: Stage, fault: ReturnType<Faults>): Faults =>
  (each) =>
    each === stage ? fault : undefined;

describe('a relay that falls silent', () => {
  // Shows: F-49
  it.each<Stage>(['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA'])(
    'after %s: the next relay gets the mail',
    async (stage) => {
      const [silent, good] = [await relay(at(stage, 'silence')), await relay()];
      const { send } = start([silent.url, good.url]);
      expect(await send()).toBeUndefined();
      expect([silent.taken.length, good.taken.length]).toEqual([0, 1]);
    },
  );

  it('after the dot: no other relay gets the mail, because this one may have taken it', async () => {
    const [silent, good] = [await relay(at('dot', 'silence')), await relay()];
    const { send, metrics } = start([silent.url, good.url]);
    expect(await send()).toMatchObject({ fault: 'passing', reason: 'smtp-timedout', stage: 'end', relayDown: false });
    expect(good.taken).toEqual([]);
    expect((await metrics.text()).body).toMatch(/latchkey_mails_total\{[^}]*outcome="ambiguous"[^}]*\} 1/);
  });

  // Shows: F-31
  it.each<Stage>(['greeting', 'RCPT', 'dot'])(
    'byte by byte at %s: the time for the whole mail ends it',
    async (stage) => {
      const slow = await relay(at(stage, 'drip'));
      const { send } = start([slow.url]);
      expect(await send()).toMatchObject({ fault: 'passing', relayDown: stage === 'greeting' });
    },
  );

  it.each<Stage>(['greeting', 'MAIL', 'RCPT', 'DATA'])(
    'and cuts the line at %s: the next gets the mail',
    async (stage) => {
      const [bad, good] = [await relay(at(stage, 'drop')), await relay()];
      const { send } = start([bad.url, good.url], { timeouts: { ...short, whole: 12_000 } });
      expect(await send()).toBeUndefined();
      expect([bad.taken.length, good.taken.length]).toEqual([0, 1]);
    },
  );

  // Shows: F-31
  it('holds up no mail that goes elsewhere', async () => {
    const sick = await relay((stage, count) => (stage === 'RCPT' && count <= 2 ? 'silence' : undefined));
    const { send } = start([sick.url], { timeouts: { ...short, recipient: 3_000, whole: 12_000 } });
    const stuck = [send(), send()];
    await eventually(
      () => sick.seen.RCPT,
      (count) => count === 2,
    );
    expect(await Promise.all([send(), send(), send()])).toEqual([undefined, undefined, undefined]);
    expect(sick.taken).toHaveLength(3);
    expect(await Promise.all(stuck)).toMatchObject([{ fault: 'passing' }, { fault: 'passing' }]);
  });
});

describe('a relay that is down', () => {
  const quick = { failures: 3, firstPause: 300, longestPause: 600 };
  const calm = { failures: 3, firstPause: 60_000, longestPause: 60_000 };

  it('is passed over after three failures, and the next gets every mail', async () => {
    const [down, good] = [await relay(at('MAIL', '421 4.3.2 closing')), await relay()];
    const { send, mailer, metrics } = start([down.url, good.url], { breaker: calm });
    for (let each = 0; each < 6; each++) expect(await send()).toBeUndefined();
    expect([down.seen.MAIL, good.taken.length]).toEqual([3, 6]);
    expect(mailer.relays.map(({ isUp }) => isUp)).toEqual([false, true]);
    expect((await metrics.text()).body).toContain('outcome="passing"');
  });

  it.each([
    ['refuses the recipient', '550 5.1.1 no such user'],
    ['has a policy against the recipient', '550 5.7.1 not to there'],
    ['makes the recipient wait', '450 4.2.0 greylisted'],
    ['says that the mailbox is full', '452 4.2.2 full'],
  ])('is not one that %s', async (_name, reply) => {
    const strict = await relay(at('RCPT', reply as `${number} ${string}`));
    const { send, mailer } = start([strict.url], { breaker: calm });
    for (let each = 0; each < 5; each++) await send();
    expect(mailer.relays.map(({ isUp }) => isUp)).toEqual([true]);
    strict.faults = () => undefined;
    expect(await send()).toBeUndefined();
  });

  it.each<[string, Stage, `${number} ${string}`]>([
    ['no service', 'greeting', '554 5.3.2 no service'],
    ['wrong credentials', 'AUTH', '535 5.7.8 wrong'],
    ['authentication that is missing', 'MAIL', '530 5.7.0 authenticate first'],
    ['a full disk', 'DATA', '452 4.3.1 no room'],
  ])('is one with %s', async (_name, stage, reply) => {
    const down = await relay(at(stage, reply));
    const { send, mailer } = start([down.url.replace('//', '//user:pw@')], { breaker: calm });
    for (const to of ['alice@a.example', 'bob@b.example', 'carol@c.example']) await send(to);
    expect(mailer.relays.map(({ isUp }) => isUp)).toEqual([false]);
  });

  it('costs a mail no connection, and does not end it', async () => {
    const down = await relay(at('greeting', '421 4.3.2 closing'));
    const { send } = start([down.url], { breaker: calm });
    for (let each = 0; each < 3; each++) await send();
    const { connections } = down;
    expect(await send()).toMatchObject({ fault: 'passing', reason: 'relays-rest', relayDown: true });
    expect(down.connections).toBe(connections);
  });

  it('is tried with one mail, while the others wait for what comes of it', async () => {
    const back = await relay(at('MAIL', '421 4.3.2 closing'));
    const { send, mailer } = start([back.url], {
      breaker: quick,
      timeouts: { ...short, patience: 10_000, whole: 20_000 },
    });
    for (let each = 0; each < 3; each++) await send();
    const ready: string[] = [];
    mailer.onRelayReady((state) => ready.push(state));
    let mostTogether = 0;
    let atWork = 0;
    back.faults = (stage) => {
      if (stage === 'MAIL' && ready.length === 1) mostTogether = Math.max(mostTogether, ++atWork);
      return undefined;
    };
    expect(await Promise.all(Array.from({ length: 5 }, () => send()))).toEqual(Array(5).fill(undefined));
    expect([mostTogether, back.taken.length]).toEqual([1, 5]);
    expect(ready).toEqual(['half-open', 'closed']);
  });

  it('makes no mail wait whose lease has ended', async () => {
    const down = await relay(at('MAIL', '421 4.3.2 closing'));
    const { send } = start([down.url], { breaker: calm, timeouts: { ...short, patience: 60_000, whole: 60_000 } });
    for (let each = 0; each < 3; each++) await send();
    expect(await send('bob@example.com', AbortSignal.timeout(50))).toMatchObject({ reason: 'lease-lost' });
    expect(down.seen.RCPT).toBe(0);
  });
});

it('alarms for any relay that refuses us, also when the next takes the mail', async () => {
  const [refusing, good] = [await relay(at('AUTH', '535 5.7.8 wrong')), await relay()];
  const { send, metrics } = start([refusing.url.replace('//', '//user:pw@'), good.url]);
  expect(await send()).toBeUndefined();
  expect((await metrics.text()).body).toMatch(/latchkey_alarms_total\{[^}]*alarm="relay-refuses-us"[^}]*\} 1/);
});

it('bounds a name that cannot be resolved', async () => {
  const { send } = start(['smtp://relay.invalid:25'], { timeouts: { ...smtpTimeouts, dns: 1_000 } });
  expect(await send()).toMatchObject({ fault: 'passing', relayDown: true });
});
