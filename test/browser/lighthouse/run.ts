/**
 * `npm run lighthouse`: Lighthouse on the hosted page of a server of its own, in several languages and on phone and desk.
 * Exit code 1 unless each has 100 points for performance, accessibility and best practices. Speed is simulated by Lighthouse
 * from what the page loads, but a machine that does much else can cost points.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLatchkeyClient } from '../../../schema/sdk/client.js';
import { packageFolder } from '../../../src/package-files.js';
import { eventually } from '../../support/eventually.js';
import { Latchkey } from '../../support/processes.js';
import { chromiumPath } from '../chromium.js';
import { judge, type PageReport } from './report.js';

const own = join(packageFolder, 'test/browser/lighthouse');

/** @returns the address of the form for a new password. */
async function newPasswordForm(dev: Latchkey, url: string): Promise<string> {
  const email = /Account +(\S+@\S+), password/.exec(dev.output)?.[1] ?? '';
  await createLatchkeyClient({ url }).requestPasswordReset({ email });
  const mails = await eventually(
    async () => (await (await fetch(`${url}/inbox.json`)).json()) as { id: string }[],
    ({ length }) => length > 0,
    30_000,
  );
  const source = await (await fetch(`${url}/inbox/${mails[0]?.id}/raw`)).text();
  const key = /#key=([A-Za-z0-9_-]+)/.exec(source.replaceAll('=\r\n', '').replaceAll('=3D', '='))?.[1];
  if (!key) throw new Error('the mail has no link');
  return `${url}/reset-password#key=${key}`;
}

async function look(url: string, device: string): Promise<PageReport> {
  const { stdout } = await promisify(execFile)(process.execPath, ['program.mjs', url, chromiumPath ?? '', device], {
    cwd: own,
  });
  return JSON.parse(stdout) as PageReport;
}

async function run(): Promise<void> {
  if (!existsSync(join(own, 'node_modules'))) throw new Error('first: npm ci in test/browser/lighthouse');
  if (!chromiumPath) throw new Error('no Chromium is installed; CHROMIUM_PATH can name one');
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-lighthouse-'));
  await chmod(folder, 0o755);
  const dev = Latchkey.start(['dev'], { PORT: '0', OPS_PORT: '0' }, folder);
  try {
    await dev.said(/Ctrl-C ends everything/, 60_000);
    const url = await dev.said(/Reset page +(\S+)\/reset-password/);
    const page = `${url}/reset-password`;
    const looks = [
      ['request a link, phone', page, 'mobile'],
      ['request a link, desk', page, 'desktop'],
      ['request a link, Arabic, phone', `${page}?lang=ar`, 'mobile'],
      ['request a link, Japanese, phone', `${page}?lang=ja`, 'mobile'],
      ['new password, phone', await newPasswordForm(dev, url), 'mobile'],
    ] as const;
    console.info('performance / accessibility / best practices');
    for (const [name, address, device] of looks) {
      const { line, isWhole } = judge(name, await look(address, device));
      console.info(line);
      if (!isWhole) process.exitCode = 1;
    }
  } finally {
    await dev.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await run().catch((error: Error) => {
  process.stderr.write(`lighthouse: ${error.message}\n`);
  process.exitCode = 1;
});
