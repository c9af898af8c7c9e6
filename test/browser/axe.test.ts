import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nearestAccent } from '../../src/brand/accent.js';
import { keptFolderOf, png } from '../brand/pictures.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';
import { reach, states } from './page-states.js';

/** Set by `npm run test:others`: every state in every language. */
const isFull = process.env.AXE === 'full';
const isInstalled = existsSync(fileURLToPath(new URL('./axe/node_modules/axe-core', import.meta.url)));
const why = isInstalled ? whyNot : `${whyNot} (needs \`npm ci\` in test/browser/axe)`;

describe.skipIf(noChromium || !isInstalled)(`axe finds nothing in the page${why}`, () => {
  let latchkey: TestLatchkey;
  let browser: TestBrowser;
  let rules: string;
  beforeAll(async () => {
    const env = { SIGN_IN_URL: 'https://app.example/sign-in', SUPPORT_URL: 'https://help.example/' };
    ({ rules } = await import(new URL('./axe/program.mjs', import.meta.url).href));
    [latchkey, browser] = await Promise.all([startLatchkey({ env, withoutWorker: true }), TestBrowser.start()]);
  });
  afterAll(async () => {
    await browser?.stop();
    await latchkey?.close();
  });

  const page = (language: string) => `${latchkey.url}/reset-password?lang=${language}`;
  const open = async (options: { readonly colorScheme?: 'dark' } = {}): Promise<Visit> => {
    const visit = await browser.visit({ ...options, reducedMotion: 'reduce' });
    await visit.context.addInitScript({ content: rules });
    return visit;
  };
  const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const faultsIn = ({ read }: Visit, runOnly: readonly string[] = standards): Promise<string[]> =>
    read(`axe.run(${JSON.stringify({ runOnly, resultTypes: ['violations'], preload: false })})
      .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html)))`);
  const expectNone = (found: Readonly<Record<string, readonly string[]>>) =>
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));

  test('in any of its states, in light and in dark', { timeout: 180_000 }, async () => {
    const visit = await open();
    const found: Record<string, string[]> = {};
    await visit.page.goto(page('en'));
    for (const name of Object.keys(states)) {
      await visit.page.emulateMedia({ colorScheme: 'light' });
      await reach(visit, name);
      found[name] = await faultsIn(visit);
      await visit.page.emulateMedia({ colorScheme: 'dark' });
      found[`${name}, in dark`] = await faultsIn(visit, ['color-contrast']);
    }
    for (const path of ['/', '/nothing', '/nothing?lang=ar']) {
      await visit.page.goto(latchkey.url + path);
      found[path] = await faultsIn(visit);
    }
    expectNone(found);
  });

  /** Puts a view of the page in another language into this one: axe then needs not to be loaded anew. */
  const lay = ({ read }: Visit, language: string, view: string) =>
    read(`fetch('?lang=${language}').then((answer) => answer.text()).then((html) => {
      const other = new DOMParser().parseFromString(html, 'text/html');
      for (const name of ['lang', 'dir']) document.documentElement[name] = other.documentElement[name];
      document.title = other.title;
      document.querySelector('footer').replaceWith(other.querySelector('footer'));
      document.getElementById('main').replaceChildren(other.getElementById('view-${view}').content);
    })`);

  test('in any of its languages', { timeout: isFull ? 1_200_000 : 180_000 }, async () => {
    const { languages } = latchkey.services.mailTemplates;
    const visit = await open({ colorScheme: 'dark' });
    const found: Record<string, string[]> = {};
    for (const language of isFull ? languages : ['ar', 'he']) {
      await visit.page.goto(page(language));
      for (const name of isFull ? Object.keys(states) : ['sent the mail', 'refused the password', 'asks to wait']) {
        await reach(visit, name);
        found[`${name} in ${language}`] = await faultsIn(visit);
      }
    }
    if (isFull) console.info(`AXE ${Object.keys(found).length} views`);
    for (const language of languages) {
      await lay(visit, language, 'new-password');
      found[language] = await faultsIn(visit);
    }
    expect(await visit.read('document.documentElement.lang')).toBe('zh-Hans');
    expectNone(found);
  });

  test('with a brand, in light and in dark', { timeout: 60_000 }, async () => {
    const { path, remove } = keptFolderOf({ 'logo.png': png(200, 80) });
    const env = {
      ...{ LOGO_FILE: `${path}/logo.png`, ACCENT_COLOR: nearestAccent('#00c2a8', 'light') },
      ...{ FOOTER_LINKS: 'Imprint https://acme.example/imprint', SIGN_IN_URL: 'https://acme.example/' },
    };
    const branded = await startLatchkey({ env, withoutWorker: true });
    try {
      const visit = await open();
      await visit.page.goto(`${branded.url}/reset-password`);
      const found: Record<string, string[]> = {};
      for (const name of ['asks for the address', 'refused the password', 'has set the password']) {
        await visit.page.emulateMedia({ colorScheme: 'light' });
        await reach(visit, name);
        found[name] = await faultsIn(visit);
        await visit.page.emulateMedia({ colorScheme: 'dark' });
        found[`${name}, in dark`] = await faultsIn(visit, ['color-contrast']);
      }
      expectNone(found);
      expect(await visit.read('document.title')).toBe('Your password is changed – Latchkey');
      expect(await visit.read(`document.querySelector('.product img').naturalWidth`)).toBe(200);
      expect(visit.errors).toEqual([]);
    } finally {
      await branded.close();
      remove();
    }
  });
});
