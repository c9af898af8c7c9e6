import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { asks, noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';

describe.skipIf(noChromium)(`programs that open a link before its owner does${whyNot}`, () => {
  let latchkey: TestLatchkey;
  let browser: TestBrowser;
  let key: string;
  const email = 'alice@example.com';
  beforeAll(async () => {
    [latchkey, browser] = await Promise.all([startLatchkey(), TestBrowser.start()]);
    await latchkey.signUp(email, 'eleven herons at low tide');
    key = await latchkey.keyFor(email);
  });
  afterEach(async () => {
    await browser.leaveAll();
  });
  afterAll(async () => {
    await browser?.stop();
    await latchkey?.close();
  });

  const link = (end = `#key=${key}`) => `${latchkey.url}/reset-password${end}`;
  const open = async (address: string): Promise<Visit> => {
    const visit = await browser.visit();
    await visit.page.goto(address, { waitUntil: 'networkidle' });
    return visit;
  };
  const send =
    (end: string, method: string, headers: Record<string, string> = {}) =>
    async () => {
      await fetch(link(end), { method, headers });
    };

  const programs: [string, () => Promise<unknown>][] = [
    ['asks for the headers', async () => await send(`#key=${key}`, 'HEAD')()],
    ['fetches it, with the fragment as a path', async () => await send(`%23key=${key}`, 'GET')()],
    ['fetches it, with the fragment as a query', async () => await send(`?key=${key}`, 'GET')()],
    ['posts to it', async () => await send(`?key=${key}`, 'POST', { 'content-type': 'application/json' })()],
    ['prefetches it', async () => await send(`#key=${key}`, 'GET', { 'sec-purpose': 'prefetch;prerender' })()],
    ['runs its scripts and takes a picture', async () => (await open(link())).page.screenshot()],
    ['runs its scripts twice, as two gateways in a row do', async () => [await open(link()), await open(link())]],
    ['opens it as a gateway respelt it', async () => await open(link(`%23key%3D${key}`))],
    ['opens it with the dot of its sentence', async () => await open(link(`#key=${key}.`))],
    ['opens it with the bracket around it', async () => await open(link(`#key=${key}%3E`))],
    [
      'clicks every button and sends every form, empty',
      async () => {
        const visit = await open(link());
        await visit.page.waitForSelector('#password');
        await visit.read(`document.querySelectorAll('form').forEach((form) => form.requestSubmit())`);
        await visit.read(`document.querySelectorAll('main button').forEach((button) => button.click())`);
        await visit.page.waitForSelector('#password-error p');
        expect(visit.sent.filter(({ body }) => asks(body, 'resetPassword'))).toEqual([]);
      },
    ],
    [
      'sends the form past its scripts',
      async () => {
        const visit = await open(link());
        await visit.page.waitForSelector('#password');
        await Promise.all([
          visit.page.waitForNavigation(),
          visit.read(`HTMLFormElement.prototype.submit.call(document.forms[0])`),
        ]);
        expect(visit.sent.filter(({ url, body }) => (url + body).includes(key)).map(({ method }) => method)).toEqual([
          'POST',
        ]);
      },
    ],
  ];

  // Shows: V-24, R-25
  test.each(programs)('one that %s leaves the key as good as it was', async (_name, run) => {
    await run();
    expect(await latchkey.client.passwordResetKey(key)).toMatchObject({ __typename: 'ResetKeyValid', email });
  });

  test('and then the owner sets a password with it', async () => {
    const { page } = await open(link());
    await page.fill('#password', 'seven lanterns by the canal');
    await page.click('#submit');
    await page.waitForSelector('h1:text-is("Your password is changed")');
    expect(await latchkey.client.passwordResetKey(key)).toMatchObject({ reason: 'USED' });
  });
});
