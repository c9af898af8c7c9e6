import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Mailer } from '../../src/mail/mailer.js';
import { smtpTimeouts } from '../../src/mail/relay/relay.js';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { startRawRelay } from '../support/raw-relay.js';
import { startSmtpSink } from '../support/smtp-sink.js';

const mail = {
  to: 'alice@example.com',
  subject: 'Hello',
  html: '<p>Hello</p>',
  text: 'Hello',
  language: 'en',
  messageId: 'job.hello',
};
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function mailer(smtpUrls: string[], requireTls = false, timeouts = smtpTimeouts) {
  const settings = { smtpUrls, from: { name: 'Acme', address: 'no-reply@acme.example' }, requireTls };
  const made = new Mailer(settings, createLog('silent', 'test'), new Metrics(), { connections: 2, timeouts });
  stops.push(() => made.close());
  return made;
}

// Shows
it('hands a mail over once, to one recipient, with the headers that a machine sends', async () => {
  const sink = await startSmtpSink(() => undefined);
  stops.push(sink.stop);
  expect(await mailer([sink.url]).send(mail)).toBeUndefined();
  expect(sink.seen).toEqual({ greeting: 1, MAIL: 1, RCPT: 1, DATA: 1 });
  const [raw = ''] = sink.taken;
  expect(raw).toContain('From: Acme <no-reply@acme.example>\r\n');
  expect(raw).toContain('To: alice@example.com\r\n');
  expect(raw).toContain('Message-ID: <job.hello@acme.example>\r\n');
  expect(raw).toContain('Auto-Submitted: auto-generated\r\n');
  expect(raw.match(/^(From|To|Subject|Date|Message-ID):/gim)).toHaveLength(5);
});

it('goes to the next relay when one is away or refuses us, but not when the recipient is refused', async () => {
  const good = await startSmtpSink(() => undefined);
  const bad = await startSmtpSink((stage) => (stage === 'MAIL' ? { code: 550, text: '5.7.1 not you' } : undefined));
  const gone = await startSmtpSink((stage) => (stage === 'RCPT' ? { code: 550, text: '5.1.1 unknown' } : undefined));
  stops.push(good.stop, bad.stop, gone.stop);
  expect(await mailer(['smtp://127.0.0.1:1', bad.url, good.url]).send(mail)).toBeUndefined();
  expect(good.taken).toHaveLength(1);
  expect(await mailer([gone.url, good.url]).send(mail)).toMatchObject({ fault: 'recipient' });
  expect(good.taken).toHaveLength(1);
  expect(await mailer([bad.url]).send(mail)).toMatchObject({ fault: 'relay', reason: 'smtp-550' });
  expect(await mailer(['smtp://127.0.0.1:1']).send(mail)).toMatchObject({ fault: 'passing' });
});

// Shows: V-47
it('gives up a relay that says nothing', async () => {
  const silent = await startRawRelay(() => 'silence');
  stops.push(silent.stop);
  const hasty = { ...smtpTimeouts, greeting: 500 };
  expect(await mailer([silent.url], false, hasty).send(mail)).toMatchObject({ fault: 'passing' });
  // As docs/operate.md promises, the mailer waits for a slow greeting.
  expect(smtpTimeouts.greeting).toBe(20_000);
});

it('insists on TLS in production, except towards this machine or when the URL says otherwise', async () => {
  const sink = await startSmtpSink(() => undefined);
  stops.push(sink.stop);
  const elsewhere = sink.url.replace('127.0.0.1', '127.0.0.2');
  expect(await mailer([sink.url], true).send(mail)).toBeUndefined();
  // The sink listens on 127.0.0.1 only; 127.0.0.2 stands for another machine through a forwarder.
  const forwarder = createServer((socket) => {
    const { port } = new URL(sink.url);
    import('node:net').then(({ connect }) => socket.pipe(connect(Number(port), '127.0.0.1')).pipe(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => forwarder.listen(Number(new URL(elsewhere).port), '127.0.0.2', resolve));
  stops.push(() => forwarder.close());
  expect(await mailer([elsewhere], true).send(mail)).toMatchObject({ fault: 'relay', reason: 'smtp-tls' });
  expect(await mailer([`${elsewhere}?ignoreTLS=true`], true).send(mail)).toBeUndefined();
});
