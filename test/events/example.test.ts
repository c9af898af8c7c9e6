import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { post } from '../../src/events/post.js';
import { type Message, webhookOf } from '../../src/events/webhook.js';
import { packageFolder } from '../../src/package-files.js';
import { Latchkey } from '../support/processes.js';

const file = join(packageFolder, 'examples/events-receiver/receiver.mjs');
const secret = `whsec_${Buffer.from('0123456789abcdefghijklmn').toString('base64')}`;
const other = 'correct-horse-battery-staple';
const minutes = 60_000;
const agent = new Agent();
let example: Latchkey;
let port: string;
beforeAll(async () => {
  example = Latchkey.of(file, [], { settings: { EVENTS_SECRET: secret, PORT: '0' } });
  port = await example.said(/listening on (\d+)/);
});
afterAll(async () => {
  agent.destroy();
  await example.stop('SIGKILL');
});

let sequence = 0;
/** The next event, as it is sent at this time (milliseconds from now). */
function next({ secrets = [secret], late = 0 } = {}): Message {
  sequence += 1;
  const event = { id: `event ${sequence}`, type: 'password.reset', accountId: 'alice', at: 'now', sequence } as const;
  return webhookOf(event, secrets, Date.now() - late);
}
const send = (message: Message) =>
  post(`http://127.0.0.1:${port}/`, message, agent, 10_000, new AbortController().signal);
/** Waits until the example has ended the sessions for the newest event. */
const ends = () => example.said(new RegExp(`reset ${sequence}: ended`));

it.each([
  ['signed by two secrets, during a rotation', () => next({ secrets: [other, secret] })],
  ['whose headers are in capitals', () => inCapitals(next())],
  ['four minutes on its way', () => next({ late: 4 * minutes })],
])('the example takes an event %s', async (_what, make) => {
  expect(await send(make())).toEqual({ kind: 'Answered', status: 204 });
  await ends();
});

it.each([
  ['that is written anew from its JSON', () => anew(next())],
  ['that is signed by others', () => next({ secrets: [other] })],
  ['that is signed by the empty secret', () => next({ secrets: ['whsec_'] })],
  ['that is ten minutes old', () => next({ late: 10 * minutes })],
  ['that comes from a clock ten minutes ahead', () => next({ late: -10 * minutes })],
  ['whose time is no number', () => withHeader(next(), 'webhook-timestamp', 'now')],
  ['without a signature', () => withHeader(next(), 'webhook-signature', '')],
  ['under another id', () => withHeader(next(), 'webhook-id', 'event 0')],
])('the example takes no event %s', async (_what, make) => {
  expect(await send(make())).toEqual({ kind: 'Answered', status: 401 });
  const refused = sequence;
  await send(next());
  await ends();
  expect(example.output).not.toContain(`reset ${refused}:`);
});

it('the example lives on when a stranger sends half a body, or one that does not end', async () => {
  const half = connect(Number(port), '127.0.0.1');
  await once(half, 'connect');
  await new Promise((sent) => half.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{', sent));
  half.destroy();
  expect(await send({ headers: {}, body: 'x'.repeat(1_000_000) })).not.toMatchObject({ status: 204 });
  expect(await send(next())).toEqual({ kind: 'Answered', status: 204 });
});

it('the example does not start without a secret', async () => {
  const { code, errors } = await Latchkey.of(file, [], { settings: { PORT: '0' } }).ended;
  expect(code).toBe(1);
  expect(errors).toContain('EVENTS_SECRET');
});

function anew({ headers, body }: Message): Message {
  return { headers, body: JSON.stringify(JSON.parse(body), undefined, 1) };
}

function withHeader({ headers, body }: Message, name: string, value: string): Message {
  return { headers: { ...headers, [name]: value }, body };
}

function inCapitals({ headers, body }: Message): Message {
  return {
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])),
    body,
  };
}
