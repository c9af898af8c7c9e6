import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../support/free-port.js';
import { killAll, Latchkey, main } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';

vi.setConfig({ testTimeout: 120_000 });
afterAll(killAll);

/** Their log lines are more than a megabyte: more than the process buffers, and more than a pipe holds. */
const requests = 6_000;

async function startApi(stdout: 'pipe' | 'unread' | number, more: Record<string, string> = {}) {
  const [port, operations] = [await freePort(), await freePort()];
  const nowhere = '127.0.0.1:9';
  const stores = { database: `postgres://u:p@${nowhere}/x`, redis: `redis://${nowhere}`, smtp: `smtp://${nowhere}` };
  const settings = { ...productionSettings(stores), PORT: String(port), OPS_PORT: String(operations), ...more };
  const api = Latchkey.of(main, ['api'], { settings, stdout });
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect((await fetch(`${url}/livez`)).status).toBe(200), 60_000);
  const lost = async () => {
    const text = await (await fetch(`http://127.0.0.1:${operations}/metrics`)).text();
    return Number(/^latchkey_log_lines_lost_total (\d+)$/m.exec(text)?.[1]);
  };
  return { api, url, port, lost };
}

/** Makes `count` requests, each of which writes one log line. @returns how many were answered. */
async function ask(port: number, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const one = () =>
    new Promise<number>((resolve) => {
      get({ agent, host: '127.0.0.1', port, path: '/nothing' }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode === 404 ? 1 : 0));
      }).on('error', () => resolve(0));
    });
  const answers = await Promise.all(Array.from({ length: count }, one));
  agent.destroy();
  return answers.reduce((sum, answer) => sum + answer, 0);
}

async function keepsAnswering({ api, url, port, lost }: Awaited<ReturnType<typeof startApi>>) {
  expect(await lost()).toBeGreaterThanOrEqual(0);
  expect(await ask(port, requests)).toBe(requests);
  expect(await lost()).toBeGreaterThan(100);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect(await api.stop('SIGTERM')).toMatchObject({ code: 0, signal: null });
}

describe.concurrent('a log output that is not read keeps no process from working or ending', () => {
  it('a pipe that nobody reads', async () => {
    await keepsAnswering(await startApi('unread'));
  });

  it('a pipe whose reader is gone', async () => {
    const started = await startApi('unread');
    started.api.child.stdout?.destroy();
    await keepsAnswering(started);
  });

  // Shows: F-40
  it.runIf(process.platform === 'linux')('a disk that is full (needs Linux)', async () => {
    const full = openSync('/dev/full', 'w');
    const started = await startApi(full);
    closeSync(full);
    await keepsAnswering(started);
  });

  it('lines that are read arrive whole', async () => {
    const file = join(tmpdir(), `latchkey-log-${process.pid}`);
    const fd = openSync(file, 'w');
    const [toFile, toPipe] = await Promise.all([startApi(fd), startApi('pipe')]);
    closeSync(fd);
    for (const { port, lost } of [toFile, toPipe]) {
      expect(await ask(port, 1_000)).toBe(1_000);
      expect(await lost()).toBe(0);
    }
    const [, piped] = await Promise.all([toFile, toPipe].map(({ api }) => api.stop('SIGTERM')));
    const written = readFileSync(file, 'utf8');
    rmSync(file);
    for (const text of [written, piped?.output ?? '']) {
      const lines = text.trimEnd().split('\n');
      expect(lines.filter((line) => JSON.parse(line).status === 404)).toHaveLength(1_000);
      expect(text).toMatch(/"signal":"SIGTERM"/);
    }
  });
});
