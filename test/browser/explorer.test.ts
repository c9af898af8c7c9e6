import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explorerPages } from '../../src/dev/explorer.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { asks, noChromium, TestBrowser, whyNot } from './chromium.js';

describe.skipIf(noChromium)(`the explorer of a developer in a browser${whyNot}`, () => {
  let latchkey: TestLatchkey;
  let browser: TestBrowser;
  beforeAll(async () => {
    const addRoutes = await explorerPages();
    if (!addRoutes) throw new Error('the package of the explorer is not installed');
    [latchkey, browser] = await Promise.all([startLatchkey({ forDevelopers: { addRoutes } }), TestBrowser.start()]);
  });
  afterAll(async () => {
    await browser?.stop();
    await latchkey?.close();
  });

  test('runs the flow that it opens with, and loads nothing from elsewhere', async () => {
    const { page, sent, errors } = await browser.visit();
    await page.goto(`${latchkey.url}/explorer`);
    await page.getByText('(Send mutation Ask)').click();
    await page.getByText('"PasswordResetRequested"').first().waitFor();
    const elsewhere = sent.filter(({ url }) => !url.startsWith(latchkey.url) && !/^(?:blob|data):/.test(url));
    expect(elsewhere).toEqual([]);
    expect(sent.some(({ body }) => asks(body, 'requestPasswordReset'))).toBe(true);
    expect(errors).toEqual([]);
  });

  test('serves the files of its package and no others', async () => {
    for (const path of ['..%2fpackage.json', '%2e%2e/package.json', 'nothing.js', 'assets/..%2f..%2fpackage.json']) {
      expect((await fetch(`${latchkey.url}/explorer/${path}`)).status, path).toBe(404);
    }
    const main = await fetch(`${latchkey.url}/explorer/main.js`);
    expect([main.status, main.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect(main.headers.get('access-control-allow-origin')).toBeNull();
  });
});
