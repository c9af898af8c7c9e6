import { expect, it } from 'vitest';
import { startLatchkey } from '../support/latchkey.js';

it('is ready from the start, before any call has touched the database', async () => {
  const latchkey = await startLatchkey({ withoutWorker: true });
  const ready = await fetch(`${latchkey.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      status: 'ok',
      parts: { postgres: 'ok', redis: 'ok', jobs: 'ok' },
      lines: { postgres: 'plain', redis: 'plain' },
    },
  ]);
  await latchkey.close();
});
