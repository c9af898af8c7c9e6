import tls from 'node:tls';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Mailer } from '../../../src/mail/mailer.js';
import { createLog } from '../../../src/observability/log.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { type Certificate, createAuthority } from '../../support/certificates.js';

const authority = createAuthority();
const trusted = tls.getCACertificates('default');
beforeAll(() => tls.setDefaultCACertificates([...trusted, authority.certificate]));
afterAll(() => tls.setDefaultCACertificates(trusted));
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** @returns the port. */
async function relay(certificate: Certificate | undefined, secure: boolean) {
  const server = new SMTPServer({
    secure,
    ...(certificate ? { key: certificate.key, cert: certificate.certificate } : {}),
    authOptional: true,
    disabledCommands: certificate ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData: (stream, _session, done) => void stream.resume().on('end', () => done()),
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.server.address() as { port: number }).port;
}

async function send(url: string, requireTls = false) {
  const logged: string[] = [];
  const log = createLog('info', 'test', { write: (line) => void logged.push(line) });
  const metrics = new Metrics();
  const settings = { smtpUrls: [url], from: { name: 'Acme', address: 'no-reply@acme.example' }, requireTls };
  const mailer = new Mailer(settings, log, metrics, { connections: 1 });
  stops.push(() => mailer.close());
  const mail = { subject: 'x', html: 'x', text: 'x', language: 'en', messageId: 'x' };
  const failure = await mailer.send({ ...mail, to: 'alice@example.com' });
  return { failure, logged: logged.join(''), metrics: (await metrics.text()).body };
}

const of = (name: string, untilYear?: number) => authority.issue(name, [name], untilYear);
const bad: [string, Certificate][] = [
  ['nobody vouches for', createAuthority('nobody').issue('localhost', ['localhost'])],
  ['has expired', of('localhost', 2021)],
  ['is of another name', of('relay.example')],
];

describe.each([
  ['by STARTTLS', 'smtp', false],
  ['from the first byte', 'smtps', true],
])('TLS to a relay, %s', (_name, scheme, secure) => {
  it('is made where the certificate fits, also one of the name that the URL gives', async () => {
    const port = await relay(of('localhost'), secure);
    expect((await send(`${scheme}://localhost:${port}?requireTLS=true`)).failure).toBeUndefined();
    const other = await relay(of('relay.example'), secure);
    const url = `${scheme}://localhost:${other}?requireTLS=true&tls.servername=relay.example`;
    expect((await send(url)).failure).toBeUndefined();
  });

  it.each(bad)('raises an alarm of its own where the certificate %s', async (_fault, certificate) => {
    const port = await relay(certificate, secure);
    const { failure, logged, metrics } = await send(`${scheme}://localhost:${port}`);
    expect(failure).toMatchObject({ fault: 'relay', reason: 'relay-certificate', relayDown: true });
    expect(logged).toMatch(/"level":"error".*"reason":"relay-certificate".*ALARM: the certificate of the relay/);
    expect(metrics).toMatch(/latchkey_alarms_total\{[^}]*alarm="relay-certificate"[^}]*\} 1/);
  });
});

it('that is required and not offered is an alarm, and no mail goes in clear', async () => {
  const port = await relay(undefined, false);
  const { failure, metrics } = await send(`smtp://127.0.0.1:${port}?requireTLS=true`);
  expect(failure).toMatchObject({ fault: 'relay', reason: 'smtp-tls', stage: 'STARTTLS' });
  expect(metrics).toMatch(/latchkey_alarms_total\{[^}]*alarm="relay-refuses-us"[^}]*\} 1/);
});

it('from the first byte to a port that speaks none is an alarm, too', async () => {
  const port = await relay(undefined, false);
  expect((await send(`smtps://127.0.0.1:${port}`)).failure).toMatchObject({ fault: 'relay', reason: 'smtp-tls' });
});
