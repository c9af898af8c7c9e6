import { lookup } from 'node:dns/promises';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Mailer } from '../../../src/mail/mailer.js';
import { breakerTiming } from '../../../src/mail/relay/breaker.js';
import { linesTiming } from '../../../src/mail/relay/lines.js';
import { smtpTimeouts } from '../../../src/mail/smtp/timeouts.js';
import { createLog } from '../../../src/observability/log.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { eventually } from '../../support/eventually.js';
import { type Faults, startRawRelay } from '../../support/raw-relay.js';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function start(urls: string[], { timeouts = smtpTimeouts, lines = linesTiming, connections = 8 } = {}) {
  const metrics = new Metrics();
  const logged: string[] = [];
  const log = createLog('debug', 'test', { write: (line) => void logged.push(line) });
  const settings = { smtpUrls: urls, from: { name: 'Acme', address: 'no-reply@mail.acme.example' }, requireTls: false };
  const mailer = new Mailer(settings, log, metrics, { connections, timeouts, breaker: breakerTiming, lines });
  stops.push(() => mailer.close());
  let count = 0;
  const send = (to = 'alice@example.com') =>
    mailer.send({ to, subject: 'x', html: 'x', text: 'x', language: 'en', messageId: `job-${++count}.x` });
  return { mailer, metrics, send, logged: () => logged.join('') };
}

async function relay(faults?: Faults) {
  const made = await startRawRelay(faults);
  stops.push(made.stop);
  return made;
}

describe('how a relay is spoken to', () => {
  it('names us by the domain of the sender, or as the URL says', async () => {
    const made = await relay();
    expect(await start([made.url]).send()).toBeUndefined();
    expect(await start([`${made.url}?name=worker-7.acme.example`]).send()).toBeUndefined();
    expect(made.names).toEqual(['mail.acme.example', 'worker-7.acme.example']);
  });

  it('tells in the log at which stage it refused', async () => {
    const made = await relay((stage) =>
      stage === 'EHLO' ? '421 4.7.0 Try again later, closing connection. (EHLO)' : undefined,
    );
    const { send, logged } = start([made.url]);
    expect(await send()).toMatchObject({ fault: 'passing', stage: 'EHLO' });
    expect(logged()).toMatch(/"smtpStatus":"421 4\.7\.0","stage":"EHLO"/);
  });

  it('waits for a greeting longer than for a line', async () => {
    // A twentieth of what production has (20 s and 5 s).
    const timeouts = { ...smtpTimeouts, connection: 250, dns: 250, greeting: 1_000 };
    const sockets: Socket[] = [];
    const good = await relay();
    const late = createServer((socket) => {
      sockets.push(socket);
      setTimeout(() => {
        const { port } = new URL(good.url);
        const onward = new (socket.constructor as new () => Socket)();
        sockets.push(onward);
        onward.on('error', () => undefined);
        socket.on('error', () => undefined);
        socket.pipe(onward.connect(Number(port), '127.0.0.1')).pipe(socket);
      }, 500);
    });
    await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve));
    stops.push(() => {
      for (const socket of sockets) socket.destroy();
      late.close();
    });
    const { port } = late.address() as { port: number };
    expect(await start([`smtp://127.0.0.1:${port}`], { timeouts }).send()).toBeUndefined();
    expect(smtpTimeouts.greeting).toBe(20_000);
    expect(good.taken).toHaveLength(1);
  });

  it('finds it as the system does, with the names of /etc/hosts', async () => {
    // No DNS server knows `localhost`. The relay listens on 127.0.0.1 only, so `::1` must be skipped.
    expect((await lookup('localhost', { all: true })).some(({ address }) => address === '127.0.0.1')).toBe(true);
    const made = await relay();
    expect(await start([made.url.replace('127.0.0.1', 'localhost')]).send()).toBeUndefined();
    const local = await lookup((await import('node:os')).hostname(), { all: true }).catch(() => []);
    if (local.some(({ address }) => address === '127.0.0.1')) {
      const { hostname } = await import('node:os');
      expect(await start([made.url.replace('127.0.0.1', hostname())]).send()).toBeUndefined();
    }
  });
});

describe('a relay that takes three lines', () => {
  /** Refuses connections beyond the third with this reply. */
  async function narrow(refusal: `${number} ${string}`) {
    const bound = { most: 3 };
    const made = await relay((stage) => {
      if (stage === 'greeting' && made.open > bound.most) return refusal;
      return stage === 'RCPT' ? 'slowly' : undefined;
    });
    return { made, bound };
  }

  it.each([
    '421 4.7.0 Too many concurrent SMTP connections',
    '421 4.3.2 The maximum number of concurrent server connections has exceeded a limit',
    '450 4.7.1 Error: too many connections from 192.0.2.1',
  ] as const)('with %s gets every mail over three, and rests never', async (refusal) => {
    const { made } = await narrow(refusal);
    const { send, mailer, logged, metrics } = start([made.url]);
    expect(await Promise.all(Array.from({ length: 16 }, () => send()))).toEqual(Array(16).fill(undefined));
    expect(made.taken).toHaveLength(16);
    expect(mailer.relays).toMatchObject([{ isUp: true, lines: 3 }]);
    expect(logged()).not.toContain('a relay rests');
    expect((await metrics.text()).body).not.toContain('outcome="passing"');
  });

  it('gets more again later, when it takes them', async () => {
    const { made, bound } = await narrow('421 Too many connections');
    const { send, mailer } = start([made.url], { lines: { ...linesTiming, growth: 100 } });
    await Promise.all(Array.from({ length: 8 }, () => send()));
    bound.most = 100;
    await eventually(
      () => mailer.relays[0]?.lines,
      (lines) => lines === 8,
    );
    expect(await send()).toBeUndefined();
  });

  it('is down when it takes none at all', async () => {
    const { made, bound } = await narrow('421 Too many connections');
    bound.most = 0;
    const { send, mailer } = start([made.url]);
    for (let each = 0; each < 3; each++) expect(await send()).toMatchObject({ fault: 'passing', relayDown: true });
    expect(mailer.relays).toMatchObject([{ isUp: false }]);
  });
});

describe('an idle line that the relay ends', () => {
  it('costs the next mail nothing, is no failure, and one line in the log at most', async () => {
    const made = await relay();
    const { send, logged, metrics, mailer } = start([made.url]);
    for (let each = 0; each < 5; each++) {
      expect(await send()).toBeUndefined();
      made.hangUp();
    }
    expect(await send()).toBeUndefined();
    expect(made.taken).toHaveLength(6);
    expect(mailer.relays).toMatchObject([{ isUp: true }]);
    expect((await metrics.text()).body).not.toContain('outcome="passing"');
    expect(logged()).not.toMatch(/"level":"error"/);
  });

  it('with a 421 in answer to the next mail as well', async () => {
    const made = await relay((stage, count) =>
      stage === 'MAIL' && count === 2 ? '421 4.4.2 idle for too long' : undefined,
    );
    const { send, metrics } = start([made.url]);
    expect(await send()).toBeUndefined();
    expect(await send()).toBeUndefined();
    expect(made.taken).toHaveLength(2);
    expect((await metrics.text()).body).not.toContain('outcome="passing"');
  });
});

it('that refuses recipients of three domains in a row refuses us; of one domain it never does', async () => {
  const made = await relay((stage) =>
    stage === 'RCPT' ? '550 5.4.1 Recipient address rejected: Access denied' : undefined,
  );
  const { send, metrics } = start([made.url]);
  for (let each = 0; each < 5; each++)
    expect(await send(`a${each}@x.one.example`)).toMatchObject({ fault: 'recipient' });
  expect(await send('b@two.example')).toMatchObject({ fault: 'recipient' });
  expect((await metrics.text()).body).not.toContain('alarm="relay-refuses-us"');
  expect(await send('c@three.example')).toMatchObject({ fault: 'relay', relayDown: false });
  expect((await metrics.text()).body).toContain('alarm="relay-refuses-us"');
  made.faults = () => undefined;
  expect(await send('d@four.example')).toBeUndefined();
  made.faults = (stage) => (stage === 'RCPT' ? '550 5.7.1 no' : undefined);
  expect(await send('c@three.example')).toMatchObject({ fault: 'recipient' });
});
