import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { eventually } from '../support/eventually.js';
import { freePorts } from '../support/free-port.js';
import { Latchkey } from '../support/processes.js';
import { noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';

const isInstalled = existsSync(join(packageFolder, 'examples/adopt/node_modules/express/package.json'));
const why = isInstalled ? whyNot : `${whyNot} (needs \`npm ci\` in examples/adopt)`;
const { scripts } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
/** The command after the build, which other tests need as it is. */
const [, program = ''] = /^npm run --silent build && node (\S+)$/.exec(scripts['example:adopt'] ?? '') ?? [];

const email = 'alice@example.com';
const oldPassword = 'a first edition of 1916';
const newPassword = 'quiet harbour lantern 42';

describe.skipIf(noChromium || !isInstalled)(`npm run example:adopt, as its README walks through it${why}`, () => {
  let folder: string;
  let example: Latchkey;
  let browser: TestBrowser;
  let appUrl: string;
  let latchkeyUrl: string;
  let start: () => Promise<void>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-example-'));
    const [appPort, port] = await freePorts(2);
    [appUrl, latchkeyUrl] = [`http://localhost:${appPort}`, `http://localhost:${port}`];
    const settings = { APP_PORT: String(appPort), PORT: String(port), OPS_PORT: '0' };
    start = async () => {
      example = Latchkey.of(join(packageFolder, program), ['--folder', folder], { settings, cwd: packageFolder });
      await example.said(/Ctrl-C ends them/, 100_000);
    };
    [browser] = await Promise.all([TestBrowser.start(), start()]);
  });
  afterAll(async () => {
    await browser?.stop();
    await example?.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const heading = ({ page }: Visit, text: string) => page.waitForSelector(`h1:text-is("${text}")`);
  const browsersIn = ({ page }: Visit) => page.textContent('#browsers');
  async function signIn(visit: Visit, password: string): Promise<void> {
    await visit.page.goto(appUrl);
    await visit.page.fill('[name=email]', email);
    await visit.page.fill('[name=password]', password);
    await visit.page.click('button');
  }
  const linkInInbox = () =>
    eventually(
      async () => {
        const mails = await (await fetch(`${latchkeyUrl}/inbox.json`)).text();
        return /http:[^\s"\\]+#key=[\w-]{43}/.exec(mails)?.[0];
      },
      (link) => link !== undefined,
    );

  test('a person who forgot the password of the app gets back in, and everybody else is out', async () => {
    const [person, other] = [await browser.visit(), await browser.visit()];
    await signIn(other, oldPassword);
    await heading(other, 'Hello Alice');
    await signIn(person, oldPassword);
    await heading(person, 'Hello Alice');
    expect(await browsersIn(person)).toBe('You are signed in on 2 browsers.');
    const cookies = await person.context.cookies();
    expect(cookies).toMatchObject([{ name: 'fernhill', httpOnly: true, sameSite: 'Lax' }]);
    await person.page.click('button');
    await heading(person, 'Sign in');

    await person.page.click('#forgot');
    await heading(person, 'Reset your password');
    expect(person.page.url()).toBe(`${latchkeyUrl}/reset-password`);
    await person.page.fill('#email', email);
    await person.page.click('#submit');
    await heading(person, 'Look in your mailbox');
    await person.page.goto((await linkInInbox()) ?? '');
    await heading(person, 'Choose a new password');
    await person.page.fill('#password', newPassword);
    await person.page.click('#submit');
    await heading(person, 'Your password is changed');

    await person.page.click('#sign-in');
    await person.page.waitForURL(`${appUrl}/sign-in`);
    await signIn(person, oldPassword);
    await person.page.waitForSelector('[role=alert]');
    await signIn(person, newPassword);
    await heading(person, 'Hello Alice');
    expect(await browsersIn(person)).toBe('You are signed in on 1 browser.');
    await other.page.reload();
    await heading(other, 'Sign in');
    expect(other.page.url()).toBe(`${appUrl}/sign-in`);
  });

  test('nobody is signed in by a form of another site, nor by a planted session', async () => {
    const body = new URLSearchParams({ email: 'bob@example.com', password: 'three shelves of atlases' });
    const post = (headers: Record<string, string>) =>
      fetch(`${appUrl}/sign-in`, { method: 'POST', body, headers, redirect: 'manual' });
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const first = await post({ 'sec-fetch-site': 'same-origin' });
    expect(first.status).toBe(303);
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const second = await post({ cookie });
    expect(second.headers.getSetCookie()[0]?.split(';')[0]).not.toBe(cookie);
    expect((await fetch(appUrl, { headers: { cookie }, redirect: 'manual' })).headers.get('location')).toBe('/sign-in');
  });

  test('killed, it leaves no program that answers, and starts again with what was there', async () => {
    await example.stop('SIGKILL');
    const isGone = (url: string) =>
      fetch(url).then(
        () => false,
        () => true,
      );
    for (const url of [appUrl, latchkeyUrl]) await eventually(() => isGone(url), Boolean, 20_000);
    await start();
    const visit = await browser.visit();
    await signIn(visit, newPassword);
    await heading(visit, 'Hello Alice');
  });

  test('ends with everything that it started', async () => {
    expect((await example.stop('SIGTERM')).code).toBe(0);
    for (const url of [appUrl, latchkeyUrl]) await expect(fetch(url)).rejects.toThrow();
    expect(existsSync(join(folder, 'lock'))).toBe(false);
    expect(readFileSync(join(folder, 'postgres/postgres.log'), 'utf8')).toMatch(/shut down\n$/);
  });
});
