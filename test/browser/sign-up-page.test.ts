import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { asks, noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';

const password = 'seven lanterns by the canal';

describe.skipIf(noChromium)(`the page of a sign-up in a browser${whyNot}`, () => {
  let latchkey: TestLatchkey;
  let browser: TestBrowser;
  beforeAll(async () => {
    [latchkey, browser] = await Promise.all([
      startLatchkey({ env: { SIGN_UP: 'confirm', SIGN_IN_URL: 'https://app.example/sign-in' } }),
      TestBrowser.start(),
    ]);
  });
  afterEach(async () => {
    await browser.leaveAll();
  });
  afterAll(async () => {
    await browser?.stop();
    await latchkey?.close();
  });

  const linkFor = async (email: string) => {
    await latchkey.client.signUp({ email, password: 'eleven herons at low tide' });
    const mail = await latchkey.inbox.waitFor(({ to, text }) => to.includes(email) && text.includes('#confirm='));
    return (/http:\S+#confirm=\S+/.exec(mail.text)?.[0] ?? '').replace('http://localhost:4000', latchkey.url);
  };
  const open = async (address: string): Promise<Visit> => {
    const visit = await browser.visit();
    await visit.page.goto(address);
    return visit;
  };
  const heading = ({ page }: Visit, text: string) => page.waitForSelector(`h1:text-is("${text}")`);

  test('makes the account with the password that is chosen there, and keeps no key', async () => {
    const link = await linkFor('new@example.com');
    const visit = await open(link);
    await heading(visit, 'Choose a password for your new account');
    expect(visit.page.url()).toBe(`${latchkey.url}/reset-password`);
    expect(await visit.page.textContent('main')).toContain('A password that you typed before was not kept');
    await visit.page.fill('#password', 'short');
    await visit.page.click('#submit');
    expect(await visit.page.getAttribute('#password', 'aria-invalid')).toBe('true');
    await visit.page.fill('#password', password);
    await visit.page.click('#submit');
    await heading(visit, 'Your account is made');
    expect(await visit.page.textContent('main')).toContain('Sign in as new@example.com');
    expect(await visit.page.getAttribute('#sign-in', 'href')).toBe('https://app.example/sign-in');
    expect(await latchkey.signIn('new@example.com', password)).toBeTypeOf('string');
    expect(await latchkey.signIn('new@example.com', 'eleven herons at low tide')).toBeUndefined();
    const key = /#confirm=(.*)/.exec(link)?.[1] ?? 'no key';
    expect(visit.sent.filter(({ url }) => url.includes(key))).toEqual([]);
    expect(visit.sent.filter(({ body }) => asks(body, 'passwordResetKey'))).toEqual([]);
    expect(visit.errors).toEqual([]);
  });

  test('tells who opens a link again that there is an account', async () => {
    const link = await linkFor('again@example.com');
    const key = /#confirm=([A-Za-z0-9_-]{43})/.exec(link)?.[1] ?? '';
    expect((await latchkey.client.confirmSignUp({ key, password })).__typename).toBe('SignUpConfirmed');
    const again = await open(link);
    await heading(again, 'Choose a password for your new account');
    await again.page.fill('#password', `${password} again`);
    await again.page.click('#submit');
    await heading(again, 'This link was used already');
    expect(await again.page.isVisible('#ask')).toBe(true);
  });

  test('takes the link in the spellings of link checkers, and tells what a broken one is', async () => {
    const link = await linkFor('spelt@example.com');
    const visit = await open(link.replace('#confirm=', '%23confirm%3D'));
    await heading(visit, 'Choose a password for your new account');
    expect(visit.page.url()).toBe(`${latchkey.url}/reset-password`);
    const broken = await open(link.slice(0, -5));
    await heading(broken, 'We do not know this link');
    expect(await broken.page.isVisible('#ask')).toBe(false);
    expect(await broken.page.textContent('main')).toContain('sign up again');
  });
});
