import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pageSecurityPolicy } from '../../src/http/security-headers.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { asks, noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';

const password = 'seven lanterns by the canal';
const unknownKey = `${'x'.repeat(42)}A`;
const unavailable = {
  __typename: 'TemporarilyUnavailable',
  code: 'TEMPORARILY_UNAVAILABLE',
  message: '',
  retryAfterSeconds: 5,
};

describe.skipIf(noChromium)(`the reset page in a browser${whyNot}`, () => {
  let latchkey: TestLatchkey;
  let browser: TestBrowser;
  /** The site of the product, to which people sign in: another origin than the reset page. */
  let product: Server;
  const productSaw: IncomingHttpHeaders[] = [];
  let productUrl: string;
  let accounts = 0;

  beforeAll(async () => {
    product = createServer((request, response) => {
      productSaw.push(request.headers);
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>Sign in</title><link rel="icon" href="data:,">');
    }).listen(0, '127.0.0.1');
    await once(product, 'listening');
    productUrl = `http://127.0.0.1:${(product.address() as AddressInfo).port}`;
    [latchkey, browser] = await Promise.all([
      startLatchkey({ env: { SIGN_IN_URL: `${productUrl}/sign-in`, SUPPORT_URL: 'https://help.example/' } }),
      TestBrowser.start(),
    ]);
  });
  afterEach(async () => {
    await browser.leaveAll();
  });
  afterAll(async () => {
    await browser?.stop();
    await latchkey?.close();
    product.close();
  });

  const newAccount = async () => {
    const email = `person${++accounts}@example.com`;
    await latchkey.signUp(email, 'eleven herons at low tide');
    return email;
  };
  const pageFor = (key?: string) => `${latchkey.url}/reset-password${key ? `#key=${key}` : ''}`;
  const open = async (key?: string, options = {}): Promise<Visit> => {
    const visit = await browser.visit(options);
    await visit.page.goto(pageFor(key));
    return visit;
  };
  const setPassword = async ({ page }: Visit, text = password) => {
    await page.fill('#password', text);
    await page.click('#submit');
  };
  const heading = ({ page }: Visit, text: string) => page.waitForSelector(`h1:text-is("${text}")`);
  const calls = ({ sent }: Visit, field: string) => sent.filter(({ body }) => asks(body, field)).length;

  describe('the whole way', () => {
    // Shows: R-32, ARTHA 4.1.3, ARTHA 4.2.1
    test('leads from "forgotten" to signed in, without a sign-in by itself', async () => {
      const email = await newAccount();
      const visit = await open(undefined, { locale: 'en-GB' });
      await visit.page.fill('#email', email);
      await visit.page.click('#submit');
      await heading(visit, 'Look in your mailbox');
      const answer = (await visit.page.textContent('main'))?.replace(/\s+/g, ' ');
      expect(answer).toContain(`If there is an account for ${email}, a mail is on its way. The link works for 1 hour.`);
      expect(answer).toContain('look for the newest mail from us: its link still works');
      expect(visit.sent.find(({ body }) => asks(body, 'requestPasswordReset'))?.body).toContain('"locale":"en"');

      const mail = await latchkey.inbox.waitFor(({ to, text }) => to.includes(email) && text.includes('#key='));
      const link = /http:\S+#key=\S+/.exec(mail.text)?.[0] ?? '';
      await visit.page.goto(link.replace('http://localhost:4000', latchkey.url));
      await heading(visit, 'Choose a new password');
      await setPassword(visit);
      await heading(visit, 'Your password is changed');
      expect(await visit.page.textContent('main')).toContain('All devices were signed out');

      expect(await visit.context.cookies()).toEqual([]);
      expect(await latchkey.signIn(email, password)).toBeTypeOf('string');
      expect(await latchkey.signIn(email, 'eleven herons at low tide')).toBeUndefined();
      expect(visit.errors).toEqual([]);
    });

    test('answers for an address without an account as for one with an account', async () => {
      const texts = [];
      for (const email of [await newAccount(), 'nobody9@example.com']) {
        const visit = await open();
        await visit.page.fill('#email', email);
        await visit.page.press('#email', 'Enter');
        await heading(visit, 'Look in your mailbox');
        texts.push((await visit.page.textContent('main'))?.replace(email, ''));
        await visit.page.click('#ask');
        expect(await visit.page.inputValue('#email')).toBe(email);
      }
      expect(texts[0]).toBe(texts[1]);
    });

    test('says at the field what is no address', async () => {
      const visit = await open();
      await visit.page.fill('#email', 'alice@localhost');
      await visit.page.click('#submit');
      await visit.page.waitForSelector('#email-error:has-text("no complete e-mail address")');
      expect(await visit.read('document.activeElement.id')).toBe('email');
      expect(await visit.page.getAttribute('#email', 'aria-invalid')).toBe('true');
      expect(await visit.page.inputValue('#email')).toBe('alice@localhost');
    });

    test('shows what was typed as text', async () => {
      const visit = await open();
      const result = { __typename: 'PasswordResetRequested', keyLifetimeSeconds: 3600, askAgainAfterSeconds: 1200 };
      await visit.answer('requestPasswordReset', result);
      await visit.page.fill('#email', '<img/src=x>@example.com');
      await visit.page.click('#submit');
      await heading(visit, 'Look in your mailbox');
      expect(await visit.page.textContent('#address')).toBe('<img/src=x>@example.com');
      expect(await visit.page.locator('main img').count()).toBe(0);
    });
  });

  describe('the key', () => {
    // Shows: R-15, R-16, R-24, V-25
    test('leaves the address bar and is nowhere else (ASVS 14.2.1, 14.3.3)', async () => {
      const key = await latchkey.keyFor(await newAccount());
      const visit = await open(key);
      await heading(visit, 'Choose a new password');
      expect(visit.page.url()).toBe(pageFor());
      const kept = await visit.read<string>(`(async () => JSON.stringify([
        document.title, document.cookie, document.documentElement.outerHTML, history.state, window.name,
        { ...localStorage }, { ...sessionStorage }, await indexedDB.databases(), await caches.keys(),
        navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
      ]))()`);
      expect(kept).not.toContain(key);
      expect(await visit.read('localStorage.length + sessionStorage.length')).toBe(0);
      expect(await visit.context.cookies()).toEqual([]);

      await setPassword(visit);
      await heading(visit, 'Your password is changed');
      for (const { url, headers, body } of visit.sent) {
        expect(url + JSON.stringify(headers)).not.toContain(key);
        expect(body.includes(key)).toBe(asks(body, 'passwordResetKey') || asks(body, 'resetPassword'));
      }
      expect(latchkey.logged()).not.toContain(key);
    });

    // Shows: R-25, V-24, ARTHA 4.1.5
    test('is not redeemed by HEAD, GET or a browser that clicks nothing (V-24)', async () => {
      const email = await newAccount();
      const key = await latchkey.keyFor(email);
      for (const method of ['HEAD', 'GET', 'HEAD']) {
        expect((await fetch(pageFor(key), { method })).status).toBe(200);
      }
      for (let round = 0; round < 2; round++) {
        const visit = await open(key);
        await heading(visit, 'Choose a new password');
        expect(calls(visit, 'passwordResetKey')).toBe(1);
        expect(calls(visit, 'resetPassword')).toBe(0);
      }
      expect(await latchkey.client.resetPassword({ key, password })).toMatchObject({
        __typename: 'PasswordResetCompleted',
      });
    });

    // Shows: R-20, V-04, V-25
    test('reaches no other site, and neither does the address of the page (V-25)', async () => {
      const key = await latchkey.keyFor(await newAccount());
      const visit = await open(key);
      await setPassword(visit);
      await heading(visit, 'Your password is changed');
      const foreign = visit.sent.filter(({ url }) => !url.startsWith(latchkey.url) && !url.startsWith('data:'));
      expect(foreign).toEqual([]);
      expect(visit.sent.filter(({ headers }) => headers.referer)).toEqual([]);
      expect(visit.errors).toEqual([]);

      await visit.read(`document.body.append(Object.assign(new Image(), { src: '${productUrl}/pixel' }))`);
      await expect.poll(() => visit.errors.join()).toContain('Content Security Policy');
      expect(productSaw).toEqual([]);

      await visit.page.click('#sign-in');
      await visit.page.waitForURL(`${productUrl}/sign-in`);
      expect(productSaw).toHaveLength(1);
      expect(productSaw[0]).not.toHaveProperty('referer');
      await visit.page.goBack();
      expect(visit.page.url()).toBe(pageFor());
    });

    test('is gone after a reload, and the page says how to go on', async () => {
      const key = await latchkey.keyFor(await newAccount());
      const visit = await open(key);
      await heading(visit, 'Choose a new password');
      await visit.page.reload();
      await heading(visit, 'Reset your password');
      expect(await visit.page.textContent('#reloaded:visible')).toContain('open the link from the mail again');
      await visit.page.goto('about:blank');
      await visit.page.goto(pageFor(key));
      await setPassword(visit);
      await heading(visit, 'Your password is changed');
      await visit.page.reload();
      await heading(visit, 'Reset your password');
      expect(await visit.page.isVisible('#reloaded')).toBe(false);
    });

    test('is taken from a link that is pasted where the page is open already', async () => {
      const key = await latchkey.keyFor(await newAccount());
      const visit = await open(unknownKey);
      await heading(visit, 'We do not know this link');
      await visit.page.goto(pageFor(key));
      await heading(visit, 'Choose a new password');
      expect(visit.page.url()).toBe(pageFor());
      await setPassword(visit);
      await heading(visit, 'Your password is changed');
    });

    test('may carry what a mail program hung behind it; a key that was cut is not even asked for', async () => {
      const key = await latchkey.keyFor(await newAccount());
      await heading(await open(`${key}&utm_source=mail`), 'Choose a new password');
      const visit = await open(key.slice(0, 30));
      await heading(visit, 'We do not know this link');
      expect(visit.page.url()).toBe(pageFor());
      expect(calls(visit, 'passwordResetKey')).toBe(0);
    });
  });

  describe('headers', () => {
    // Shows: R-20, R-21
    test('keep the page out of shared hands: asked for each time, in no frame, with no source but its own', async () => {
      for (const method of ['GET', 'HEAD']) {
        const { headers } = await fetch(pageFor(), { method });
        expect(Object.fromEntries(headers)).toMatchObject({
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': pageSecurityPolicy,
          'cache-control': 'no-cache',
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          'cross-origin-opener-policy': 'same-origin',
          'x-frame-options': 'DENY',
        });
        expect(headers.has('set-cookie')).toBe(false);
      }
      expect(pageSecurityPolicy).toContain("default-src 'none'");
      expect(pageSecurityPolicy).not.toMatch(/unsafe|https?:/);
    });

    test('go with every file of the page, and nothing else is served', async () => {
      const visit = await open();
      await heading(visit, 'Reset your password');
      const files = visit.sent.map(({ url }) => url).filter((url) => url.startsWith(`${pageFor()}/`));
      expect(files).toHaveLength(2);
      for (const url of files) {
        const { headers } = await fetch(url);
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('content-type')).toMatch(/^text\/(css|javascript); charset=utf-8$/);
      }
      for (const path of [
        '/page.html',
        '/page.js',
        '/page.css',
        '/src/password-reset/reset-page/page.ts',
        '/src/main.js',
        '/../package.json',
      ]) {
        expect([path, (await fetch(`${pageFor()}${path}`)).status]).toEqual([path, 404]);
      }
    });
  });

  describe('what goes wrong', () => {
    test('a password that the server refuses costs no key, and the numbers are told', async () => {
      const visit = await browser.visit();
      // Without the policy the page cannot check the password itself.
      await visit.page.route('**/graphql', (route) =>
        asks(route.request().postData() ?? '', 'passwordPolicy') ? route.abort() : route.fallback(),
      );
      await visit.page.goto(pageFor(await latchkey.keyFor(await newAccount())));
      await setPassword(visit, 'too short');
      await visit.page.waitForSelector('#password-error:has-text("has 9 characters and needs at least 15")');
      expect(await visit.read('document.activeElement.id')).toBe('password');
      expect(await visit.page.inputValue('#password')).toBe('too short');
      await setPassword(visit);
      await heading(visit, 'Your password is changed');
      expect(calls(visit, 'resetPassword')).toBe(2);
    });

    test('every rule that a password breaks is told in a sentence of its own', async () => {
      const email = await newAccount();
      const visit = await open(await latchkey.keyFor(email));
      await setPassword(visit, `${email} Latchkey`);
      await visit.page.waitForSelector(
        '#password-error:has-text("your e-mail address: without that it has 1 character")',
      );
      expect(await visit.page.locator('#password-error p').count()).toBe(2);
      expect(await visit.page.textContent('#password-feedback')).toBe('');
      await visit.page.fill('#password', password);
      expect(await visit.page.isVisible('#password-error')).toBe(false);
      await visit.page.click('#submit');
      await heading(visit, 'Your password is changed');
    });

    test('a used link', async () => {
      const key = await latchkey.keyFor(await newAccount());
      await latchkey.client.resetPassword({ key, password });
      const visit = await open(key);
      await heading(visit, 'This link was used already');
      expect(await visit.page.getAttribute('#support', 'href')).toBe('https://help.example/');
      expect(await visit.page.isVisible('#objection')).toBe(true);
      await visit.page.click('#ask');
      await heading(visit, 'Reset your password');
      expect(visit.errors).toEqual([]);
    });

    test('a link that another one overtook, also while the form is open', async () => {
      const email = await newAccount();
      const [first, second] = [await latchkey.keyFor(email), await latchkey.keyFor(email)];
      const visit = await open(first);
      await heading(visit, 'Choose a new password');
      await latchkey.client.resetPassword({ key: second, password });
      await setPassword(visit);
      await heading(visit, 'This link no longer works');
      expect(await visit.page.isVisible('#objection')).toBe(true);
      await heading(await open(first), 'This link no longer works');
    });

    test('an unknown link', async () => {
      const visit = await open(unknownKey);
      await heading(visit, 'We do not know this link');
      expect(await visit.page.isVisible('#objection')).toBe(false);
      await visit.page.click('#ask');
      await heading(visit, 'Reset your password');
      expect(visit.errors).toEqual([]);
    });

    test('an expired link, and too many unknown ones, with the seconds counted down', async () => {
      const strict = await startLatchkey({ env: { RESET_KEY_TTL: '1', LIMIT_KEY_FAILURES_PER_CLIENT: '1/60' } });
      try {
        await strict.signUp('alice@example.com', 'eleven herons at low tide');
        const key = await strict.keyFor('alice@example.com');
        await expect.poll(() => strict.client.passwordResetKey(key)).toMatchObject({ reason: 'EXPIRED' });
        const visit = await browser.visit();
        await visit.page.clock.install();
        await visit.page.goto(`${strict.url}/reset-password#key=${key}`);
        await heading(visit, 'This link has expired');

        await expect
          .poll(async () => (await strict.client.passwordResetKey(unknownKey)).__typename)
          .toBe('TooManyRequests');
        await visit.page.goto(`${strict.url}/reset-password#key=${unknownKey}`);
        await heading(visit, 'Your link could not be checked yet');
        const seconds = async () =>
          Number(/in (\d+) seconds/.exec((await visit.page.textContent('#notice')) ?? '')?.[1]);
        const atFirst = await seconds();
        expect(atFirst).toBeGreaterThan(1);
        expect(await visit.page.getAttribute('#submit', 'aria-disabled')).toBe('true');
        const before = calls(visit, 'passwordResetKey');
        await visit.page.press('#submit', 'Enter');
        await visit.page.clock.fastForward(2000);
        expect(await seconds()).toBeLessThan(atFirst);
        expect(calls(visit, 'passwordResetKey')).toBe(before);
        await visit.page.clock.fastForward(70_000);
        await visit.page.waitForSelector('#notice:has-text("try again now")');
        await visit.page.press('#submit', 'Enter');
        await expect.poll(() => calls(visit, 'passwordResetKey')).toBe(before + 1);
      } finally {
        // Chromium keeps spare connections open, and a server that drains would wait for them.
        await browser.leaveAll();
        await strict.close();
      }
    });

    test('a server that is unavailable when the link is looked up', async () => {
      const visit = await browser.visit();
      await visit.page.clock.install();
      await visit.answer('passwordResetKey', unavailable, 2);
      await visit.page.goto(pageFor(await latchkey.keyFor(await newAccount())));
      await heading(visit, 'Your link could not be checked yet');
      await visit.page.clock.fastForward(6000);
      await visit.page.click('#submit');
      await visit.page.waitForSelector('#submit[aria-disabled=true]:text-is("Try again")');
      await visit.page.clock.fastForward(6000);
      await visit.page.click('#submit');
      await heading(visit, 'Choose a new password');
    });

    test('a lost connection when the password is sent: the same form can be sent again', async () => {
      const visit = await open(await latchkey.keyFor(await newAccount()));
      await heading(visit, 'Choose a new password');
      await visit.context.setOffline(true);
      await setPassword(visit);
      await visit.page.waitForSelector('#notice:has-text("could not be reached")');
      expect(await visit.page.textContent('#notice')).toContain('again with the same password is safe');
      expect(await visit.page.inputValue('#password')).toBe(password);
      await visit.context.setOffline(false);
      await visit.page.click('#submit');
      await heading(visit, 'Your password is changed');
    });

    test('a lost answer: the password was set, and sending it again says so', async () => {
      const email = await newAccount();
      const visit = await open(await latchkey.keyFor(email));
      await visit.page.route(
        '**/graphql',
        async (route) => {
          await route.fetch();
          await route.abort();
        },
        { times: 1 },
      );
      await setPassword(visit);
      await visit.page.waitForSelector('#notice:has-text("not certain")');
      await visit.page.click('#submit');
      await heading(visit, 'Your password is changed');
      expect(await latchkey.signIn(email, password)).toBeTypeOf('string');
    });

    test.each([
      ['TooManyRequests', 'Too many tries came from your connection. You can try again in 2 seconds.'],
      ['TemporarilyUnavailable', 'We cannot do this at the moment. You can try again in 2 seconds.'],
      ['AddedLater', 'Words of the server. You can try again now.'],
    ])('%s when the password is sent', async (__typename, text) => {
      const visit = await open(await latchkey.keyFor(await newAccount()));
      const result = { __typename, code: 'ANY', message: 'Words of the server.', retryAfterSeconds: 2 };
      await visit.answer('resetPassword', result, 1);
      await setPassword(visit);
      await visit.page.waitForSelector(`#notice:text-is("${text}")`);
      await visit.page.waitForSelector('#submit[aria-disabled=false]');
      await visit.page.click('#submit');
      await heading(visit, 'Your password is changed');
    });

    test('a second click or Enter while the first is under way sends nothing', async () => {
      const visit = await open(await latchkey.keyFor(await newAccount()));
      await visit.page.route('**/graphql', async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 400));
        await route.continue();
      });
      await setPassword(visit);
      await visit.page.waitForSelector('#submit:text-is("Saving…")');
      await visit.page.click('#submit', { force: true });
      await visit.page.press('#password', 'Enter');
      await heading(visit, 'Your password is changed');
      expect(calls(visit, 'resetPassword')).toBe(1);
    });
  });
});
