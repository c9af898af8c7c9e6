import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { asks, noChromium, TestBrowser, whyNot } from './chromium.js';
import { reach, states } from './page-states.js';

/** A language that there is not: each text is English between marks, and longer by 40 %. */
const madeUp = 'en-XA';
function longer(text: string): string {
  return `⟦${text}${' ɱɱɱɱ'.repeat(Math.ceil((text.length * 0.4) / 5))}⟧`;
}

/** All that is seen, read out or shown as a title. */
const said = `[
  document.title,
  ...[...document.querySelectorAll('main, footer')].map((element) => element.innerText),
  ...[...document.querySelectorAll('#status')].map((element) => element.textContent),
  ...[...document.querySelectorAll('[aria-label], [placeholder], [alt], [title]')].flatMap((element) =>
    ['aria-label', 'placeholder', 'alt', 'title'].map((name) => element.getAttribute(name) ?? '')),
].join(' | ')`;

/** What reaches out of the window, or has more in it than can be seen. */
const clipped = `[...document.querySelectorAll('body *')]
  .filter((element) => element.checkVisibility() && !element.matches('.unseen, input'))
  .filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    const isInline = getComputedStyle(element).display === 'inline';
    return left < -0.5 || right > innerWidth + 0.5 || (!isInline && element.scrollWidth > element.clientWidth + 1);
  })
  .map((element) => element.outerHTML)`;

/** Words that no catalogue has, once all that stands between marks is taken out. */
function unmarked(text: string): string[] {
  let rest = text.replace(/\S+@\S+?\.com|Latchkey|Why\./g, '');
  for (let before = ''; rest !== before; ) {
    before = rest;
    rest = rest.replace(/⟦[^⟦⟧]*⟧/g, '');
  }
  return rest.match(/[\p{L}\p{N}⟦⟧]+/gu) ?? [];
}

describe.skipIf(noChromium)(`the page in the languages of people${whyNot}`, () => {
  let folder: string;
  let latchkey: TestLatchkey;
  let browser: TestBrowser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-made-up-'));
    await mkdir(join(folder, 'locales'));
    const english = await readFile(`${packageFolder}templates/locales/en.json`, 'utf8');
    const texts = JSON.parse(english, (_key, text) => (typeof text === 'string' ? longer(text) : text));
    const facts = { name: 'Made up', direction: 'ltr', reviewed: 'no' };
    await writeFile(join(folder, `locales/${madeUp}.json`), JSON.stringify({ ...texts, ...facts }));
    const urls = { SIGN_IN_URL: 'https://app.example/sign-in', SUPPORT_URL: 'https://help.example/' };
    [latchkey, browser] = await Promise.all([
      startLatchkey({ env: { ...urls, TEMPLATES_DIR: folder } }),
      TestBrowser.start(),
    ]);
  });
  afterAll(async () => {
    await browser?.stop();
    await latchkey?.close();
    await rm(folder, { recursive: true });
  });

  test('has no word of its own in any state, and room for longer ones on the smallest phone', async () => {
    const visit = await browser.visit({ viewport: { width: 320, height: 640 }, reducedMotion: 'reduce' });
    const found: Record<string, unknown> = {};
    const look = async (name: string) => {
      found[name] = { unmarked: unmarked(await visit.read(said)), clipped: await visit.read(clipped) };
    };
    await visit.page.goto(`${latchkey.url}/reset-password?lang=${madeUp}`);
    for (const name of Object.keys(states)) {
      await reach(visit, name);
      await look(name);
    }
    for (const path of ['/', '/nothing']) {
      await visit.page.goto(`${latchkey.url}${path}?lang=${madeUp}`);
      await visit.read(`document.querySelector('small')?.firstChild.remove()`);
      await look(path);
    }
    const none = { unmarked: [], clipped: [] };
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, none])));
    expect(visit.errors.filter((error) => !error.includes('404'))).toEqual([]);
  });

  test("is the browser's, and then the mail's, whatever the browser of the link", async () => {
    const email = 'alice@example.com';
    await latchkey.signUp(email, 'eleven herons at low tide');
    const asking = await browser.visit({ locale: 'de-AT' });
    await asking.page.goto(`${latchkey.url}/reset-password`);
    expect(await asking.page.textContent('h1')).toBe('Passwort zurücksetzen');
    await asking.page.fill('#email', email);
    await asking.page.click('#submit');
    await asking.page.waitForSelector('#requested:has-text("für 1 Stunde")');
    expect(asking.sent.find(({ body }) => asks(body, 'requestPasswordReset'))?.body).toContain('"locale":"de"');

    const { subject, text } = await latchkey.inbox.waitFor((mail) => mail.to.includes(email));
    expect([subject, text.replace(/\s+/g, ' ')]).toEqual([
      expect.stringContaining('Passwort'),
      expect.stringContaining('für 1 Stunde'),
    ]);
    const link = /http:\S+#key=\S+/.exec(text)?.[0] ?? '';
    const opening = await browser.visit({ locale: 'fr' });
    await opening.page.goto(link.replace('http://localhost:4000', latchkey.url));
    await opening.page.waitForSelector('h1:text-is("Neues Passwort wählen")');
    expect(opening.page.url()).toBe(`${latchkey.url}/reset-password?lang=de`);
  });

  test('from right to left: direction, order and addresses', async () => {
    const visit = await browser.visit({ viewport: { width: 360, height: 640 } });
    await visit.page.goto(`${latchkey.url}/reset-password?lang=ar`);
    await reach(visit, 'refused the password');
    const left = (selector: string) =>
      visit.read<number>(`document.querySelector('${selector}').getBoundingClientRect().left`);
    expect(await visit.read('document.documentElement.dir')).toBe('rtl');
    expect(await left('#reveal')).toBeLessThan(await left('#password'));
    expect(await visit.page.textContent('#account bdi.address')).toBe('alice@example.com');
    const signs = `getComputedStyle(document.querySelector('.error p'), '::before')`;
    expect(await visit.read(`[${signs}.marginLeft, ${signs}.marginRight].map((width) => width !== '0px')`)).toEqual([
      true,
      false,
    ]);
    await reach(visit, 'asks for the address');
    expect(await visit.page.getAttribute('#email', 'dir')).toBe('ltr');
  });
});
