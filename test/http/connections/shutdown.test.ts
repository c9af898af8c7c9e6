import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startLatchkey } from '../../support/latchkey.js';

it('ends immediately although a client holds connections that carry no request', async () => {
  const latchkey = await startLatchkey({ withoutWorker: true });
  const { port } = new URL(latchkey.url);
  const spare = connect(Number(port), '127.0.0.1');
  const partial = connect(Number(port), '127.0.0.1');
  await Promise.all([spare, partial].map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  for (const socket of [spare, partial]) socket.on('error', () => undefined);
  partial.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\n');
  await fetch(`${latchkey.url}/livez`);
  const started = performance.now();
  await latchkey.close();
  expect(performance.now() - started).toBeLessThan(8_000);
});
