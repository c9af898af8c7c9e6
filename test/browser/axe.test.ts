import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';
import { reach, states } from './page-states.js';

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
  const open = async (visit: Visit, url: string): Promise<Visit> => {
    await visit.page.goto(url);
    await visit.read(rules);
    return visit;
  };
  const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const faultsIn = ({ read }: Visit, runOnly: readonly string[] = standards): Promise<string[]> =>
    read(`axe.run(${JSON.stringify({ runOnly, resultTypes: ['violations'], preload: false })})
      .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html)))`);
  const expectNone = (found: Readonly<Record<string, readonly string[]>>) =>
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));

  test('in any of its states, in light and in dark', { timeout: 180_000 }, async () => {
    const visit = await open(await browser.visit({ reducedMotion: 'reduce' }), page('en'));
    const found: Record<string, string[]> = {};
    for (const [name, state] of Object.entries(states)) {
      await visit.page.emulateMedia({ colorScheme: 'light' });
      await reach(visit, state);
      found[name] = await faultsIn(visit);
      await visit.page.emulateMedia({ colorScheme: 'dark' });
      found[`${name}, in dark`] = await faultsIn(visit, ['color-contrast']);
    }
    for (const path of ['/', '/nothing']) found[path] = await faultsIn(await open(visit, latchkey.url + path));
    expectNone(found);
  });

  test('in any of its languages', { timeout: 180_000 }, async () => {
    const visit = await browser.visit({ reducedMotion: 'reduce', colorScheme: 'dark' });
    const found: Record<string, string[]> = {};
    for (const language of latchkey.services.mailTemplates.languages) {
      await open(visit, page(language));
      const isRtl = await visit.read<boolean>(`document.dir === 'rtl'`);
      // That with most on it; from right to left, more of them.
      for (const name of ['refused the password', ...(isRtl ? ['sent the mail', 'asks to wait'] : [])]) {
        await reach(visit, states[name] ?? { shows: '' });
        found[`${name} in ${language}`] = await faultsIn(visit);
      }
    }
    found['/nothing in ar'] = await faultsIn(await open(visit, `${latchkey.url}/nothing?lang=ar`));
    expectNone(found);
  });
});
