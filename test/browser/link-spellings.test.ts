import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { asks, noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';

/** Functions that a script might call and that Safari 15.0 does not have. */
const tooNew = [
  'AbortSignal.timeout',
  'AbortSignal.any',
  'AbortSignal.prototype.throwIfAborted',
  'Array.prototype.at',
  'Array.prototype.findLast',
  'Array.prototype.findLastIndex',
  'Array.prototype.toReversed',
  'Array.prototype.toSorted',
  'Array.prototype.toSpliced',
  'Array.prototype.with',
  'Array.fromAsync',
  'Object.hasOwn',
  'Object.groupBy',
  'Map.groupBy',
  'Promise.withResolvers',
  'String.prototype.at',
  'String.prototype.isWellFormed',
  'String.prototype.toWellFormed',
  'URL.canParse',
  'URL.parse',
  'crypto.constructor.prototype.randomUUID',
  'globalThis.structuredClone',
  'globalThis.requestIdleCallback',
  'globalThis.navigation',
];

describe.skipIf(noChromium)(`a link as it arrives, in a browser${whyNot}`, () => {
  let latchkey: TestLatchkey;
  let browser: TestBrowser;
  let key: string;
  const email = 'alice@example.com';

  beforeAll(async () => {
    [latchkey, browser] = await Promise.all([
      startLatchkey({ env: { SUPPORT_URL: 'https://help.example/' } }),
      TestBrowser.start(),
    ]);
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

  const heading = ({ page }: Visit, text: string) => page.waitForSelector(`h1:text-is("${text}")`);
  const half = () => [key.slice(0, 20), key.slice(20)];

  test.each<[string, () => string]>([
    ['as it was sent', () => `#key=${key}`],
    ["with Safe Links' encoding of the #", () => `%23key=${key}`],
    ['encoded twice', () => `%2523key%253D${key}`],
    ['with a slash before the #', () => `/#key=${key}`],
    ['with a slash and an encoded #', () => `/%23key%3D${key}`],
    ['with an encoded =', () => `#key%3D${key}`],
    ['encoded for mail twice', () => `#key=3D${key}`],
    ['broken over two lines of a mail', () => `#key=${half().join('=\r\n')}`],
    ['as a query', () => `?key=${key}`],
    ['as a query behind a slash', () => `/?utm_source=mail&key=${key}`],
    ['with what a counter adds', () => `#key=${key}&utm_source=mail`],
    ['with what a counter adds before it', () => `?utm_source=mail#key=${key}`],
    ['with the full stop of its sentence', () => `#key=${key}.`],
    ['with the bracket that stood around it', () => `#key=${key}%3E`],
    ['with quotes and a blank', () => `#key=${key}%22%20`],
    ['with the signs of emphasis', () => `#key=${key}__`],
    ['with an entity', () => `#&amp;key=${key}`],
    ['in capitals, but for the key', () => `%23KEY=${key}`],
  ])('%s: the key is taken, and the address is clean', async (_name, end) => {
    const visit = await browser.visit();
    await visit.page.goto(`${latchkey.url}/reset-password${end()}`);
    await heading(visit, 'Choose a new password');
    expect(visit.sent.find(({ body }) => asks(body, 'passwordResetKey'))?.body).toContain(key);
    expect(visit.page.url().replace('?utm_source=mail', '')).toBe(`${latchkey.url}/reset-password`);
    expect(
      await visit.read('JSON.stringify([history.length, history.state, document.documentElement.outerHTML])'),
    ).not.toContain(key);
    expect(visit.sent.filter(({ headers }) => headers.referer)).toEqual([]);
    expect(visit.errors).toEqual([]);
    expect(latchkey.logged()).not.toContain(key);
  });

  test.each(['#key=', '#key=too-short', '#key', '%23key='])(
    'cut short (%s): says so, and cleans the address',
    async (end) => {
      const visit = await browser.visit();
      await visit.page.goto(`${latchkey.url}/reset-password${end}`);
      await heading(visit, 'We do not know this link');
      expect(visit.page.url()).toBe(`${latchkey.url}/reset-password`);
    },
  );

  test('pasted where the page is open already, in any spelling', async () => {
    const visit = await browser.visit();
    await visit.page.goto(`${latchkey.url}/reset-password`);
    await heading(visit, 'Reset your password');
    await visit.page.goto(`${latchkey.url}/reset-password#key%3D${key}`);
    await heading(visit, 'Choose a new password');
  });

  test('in a browser as old as Safari 15: the whole way', async () => {
    const own = 'owner@example.com';
    await latchkey.signUp(own, 'eleven herons at low tide');
    const visit = await browser.visit();
    const remove = tooNew.map((name) => {
      const [, owner, property] = /^(.*)\.(\w+)$/.exec(name) ?? [];
      return `try { delete ${owner}.${property}; } catch {}`;
    });
    await visit.context.addInitScript({ content: remove.join('\n') });
    await visit.page.goto(`${latchkey.url}/reset-password#key=${await latchkey.keyFor(own)}`);
    expect(await visit.read('typeof AbortSignal.timeout + typeof [].at + typeof globalThis.structuredClone')).toBe(
      'undefined'.repeat(3),
    );
    await heading(visit, 'Choose a new password');
    await visit.page.fill('#password', 'seven lanterns by the canal');
    await visit.page.click('#submit');
    await heading(visit, 'Your password is changed');
    await visit.page.goto(`${latchkey.url}/reset-password`);
    await visit.page.fill('#email', own);
    await visit.page.click('#submit');
    await heading(visit, 'Look in your mailbox');
    expect(visit.errors).toEqual([]);
  });

  test('in a browser that lacks what a call needs: says that it did not work, and offers to try again', async () => {
    const visit = await browser.visit();
    await visit.context.addInitScript({
      content: 'globalThis.fetch = undefined;',
    });
    await visit.page.goto(`${latchkey.url}/reset-password#key=${key}`);
    await heading(visit, 'Your link could not be checked yet');
    expect(await visit.page.textContent('#notice')).toContain('Something went wrong in this page');
  });

  test('where a script is missing or cannot be read: words instead of nothing, and the link stays', async () => {
    const file = '**/page-*.js';
    const faults: Parameters<Visit['page']['route']>[1][] = [
      (route) => route.abort(),
      (route) => route.fulfill({ status: 404, body: 'nothing' }),
      (route) => route.fulfill({ contentType: 'text/javascript', body: 'export const = ;' }),
    ];
    await Promise.all(
      faults.map(async (fault) => {
        const visit = await browser.visit();
        visit.page.setDefaultTimeout(40_000);
        await visit.page.route(file, fault);
        await visit.page.goto(`${latchkey.url}/reset-password#key=${key}`, { waitUntil: 'commit' });
        await heading(visit, 'Reset your password');
        await visit.page.waitForSelector('#not-started:visible');
        expect(await visit.page.textContent('#not-started')).toContain('your link is as good as it was');
        expect(await visit.page.getAttribute('#not-started a', 'href')).toBe('https://help.example/');
        await visit.page.unroute(file);
        await visit.page.reload();
        await heading(visit, 'Choose a new password');
      }),
    );
  }, 90_000);
});
