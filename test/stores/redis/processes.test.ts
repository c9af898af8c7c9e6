import { afterAll, expect, it, vi } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { killAll, Latchkey, readyz } from '../../support/processes.js';
import { productionSettings } from '../../support/production-settings.js';
import { createDatabase } from '../../support/stores.js';

afterAll(killAll);

it('processes whose Sentinels or cluster are away start, say so, keep passwords to themselves, and end when told', async () => {
  const [database, ...ports] = await Promise.all([createDatabase(), freePort(), freePort(), freePort()]);
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
  const ways = [
    `redis+sentinel://someone:hunter2hunter2@${hosts}/0?master=mymaster&sentinel_password=hunter2hunter2`,
    `redis+cluster://someone:hunter2hunter2@${hosts}`,
  ];
  // All processes get the same SECRET, because they share the database and so its data key.
  const common = productionSettings({ database: database.url, redis: '', smtp: 'smtp://127.0.0.1:9' });
  const processes = ways.flatMap((redis) => {
    const settings = { ...common, REDIS_URL: redis };
    return [{ command: 'api', settings } as const, { command: 'worker', settings } as const];
  });
  const running = await Promise.all(
    processes.map(async ({ command, settings }) => {
      const port = await freePort();
      const process = Latchkey.start([command], { ...settings, OPS_PORT: String(port) });
      return { process, url: `http://127.0.0.1:${port}` };
    }),
  );
  for (const { process, url } of running) {
    await vi.waitFor(async () => {
      const parts = { postgres: 'ok', redis: 'away', jobs: 'ok' };
      expect(await readyz(url)).toMatchObject({ status: 200, body: { status: 'degraded', parts } });
    }, 30_000);
    await process.said(/redis connection fault/);
    await process.said(/the API listens|the worker waits for jobs/);
  }
  for (const { code, errors, output } of await Promise.all(running.map(({ process }) => process.stop('SIGTERM')))) {
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).not.toMatch(/hunter2|someone/);
  }
  await database.drop();
}, 60_000);
