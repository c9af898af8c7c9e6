import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';

const password = 'seven lanterns by the canal';
const email = 'alice@example.com';
const phone = { viewport: { width: 360, height: 700 }, hasTouch: true, isMobile: true };

/** The contrast of each visible text with its background (WCAG 2.2, 1.4.3). */
const contrasts = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = parse(color).map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return parse(color)[3] === 0 ? ground(element.parentElement) : color;
  };
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.checkVisibility() && (element.tagName === 'INPUT' || [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())))
    .map((element) => {
      const [dark, light] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => a - b);
      return { element: element.outerHTML.slice(0, 60), contrast: (light + 0.05) / (dark + 0.05) };
    });
})()`;

describe.skipIf(noChromium)(`the reset page for everybody${whyNot}`, () => {
  let latchkey: TestLatchkey;
  let browser: TestBrowser;

  beforeAll(async () => {
    [latchkey, browser] = await Promise.all([startLatchkey(), TestBrowser.start()]);
    await latchkey.signUp(email, 'eleven herons at low tide');
  });
  afterEach(async () => {
    await browser.leaveAll();
  });
  afterAll(async () => {
    await browser?.stop();
    await latchkey?.close();
  });

  const open = async (fragment = '', options = {}): Promise<Visit> => {
    const visit = await browser.visit(options);
    await visit.page.goto(`${latchkey.url}/reset-password${fragment}`);
    return visit;
  };
  const openForm = async (options = {}): Promise<Visit> => {
    const visit = await open(`#key=${await latchkey.keyFor(email)}`, options);
    await visit.page.waitForSelector('#password');
    return visit;
  };
  /** Visits every kind of view, with the longest content in each, and calls `look` in each. */
  const eachView = async (options: object, look: (visit: Visit) => Promise<void>): Promise<void> => {
    const visit = await open('', options);
    await visit.page.waitForSelector('#email');
    await look(visit);
    await visit.page.fill('#email', `${'long'.repeat(16)}@localhost`);
    await visit.page.press('#email', 'Enter');
    await visit.page.waitForSelector('#email-error p');
    await look(visit);
    await visit.page.fill('#email', `${'long'.repeat(16)}@${'example'.repeat(8)}.${'example'.repeat(8)}.com`);
    await visit.page.press('#email', 'Enter');
    await visit.page.waitForSelector('#address');
    await look(visit);
    await visit.page.goto(`${latchkey.url}/reset-password#key=${await latchkey.keyFor(email)}`);
    await visit.page.waitForSelector('#password');
    await look(visit);
    await visit.page.fill('#password', 'short');
    await visit.page.waitForSelector('#password-feedback:text-is("10 characters to go.")');
    await look(visit);
    await visit.page.press('#password', 'Enter');
    await visit.page.waitForSelector('#password-error p');
    await look(visit);
    await visit.page.fill('#password', password);
    await visit.answer('resetPassword', { __typename: 'TooManyRequests', message: '', retryAfterSeconds: 90 }, 1);
    await visit.page.press('#password', 'Enter');
    await visit.page.waitForSelector('#notice:visible');
    await look(visit);
    await visit.page.goto(`${latchkey.url}/reset-password#key=${'x'.repeat(42)}A`);
    await visit.page.waitForSelector('#reason');
    await look(visit);
  };

  // Shows: R-23, ASVS 6.2.6, ASVS 6.2.7, NIST 3.1.1.2-19, NIST 3.1.1.2-20
  test('lets password managers and paste do their work (ASVS 6.2.6, 6.2.7)', async () => {
    const visit = await openForm();
    const field = visit.page.locator('#password');
    expect(await field.getAttribute('autocomplete')).toBe('new-password');
    expect(await field.getAttribute('type')).toBe('password');
    expect(await field.getAttribute('maxlength')).toBeNull();
    expect(await field.getAttribute('minlength')).toBe('15');
    expect(await field.getAttribute('passwordrules')).toMatch(/^minlength: 15; maxlength: 128; allowed: /);
    expect(await visit.page.textContent('#account')).toBe(`For your account ${email}`);
    // A manager finds the entry to change by the field before the password's, which people neither see nor reach.
    const managed = visit.page.locator('form input[autocomplete=username] ~ .field input[autocomplete=new-password]');
    expect(await managed.getAttribute('id')).toBe('password');
    expect(await visit.page.inputValue('#username')).toBe(email);
    expect(await visit.page.getByLabel('New password').getAttribute('id')).toBe('password');
    await visit.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await visit.read(`navigator.clipboard.writeText('${password}')`);
    await field.focus();
    await visit.page.keyboard.press('Control+V');
    expect(await field.inputValue()).toBe(password);
    const paste = `document.querySelector('#password').dispatchEvent(new ClipboardEvent('paste', { cancelable: true, bubbles: true }))`;
    expect(await visit.read(paste)).toBe(true);
  });

  test('tells an empty field and a slip in the address without a call, and sends what was typed', async () => {
    const visit = await open('?email=%3Cb%3Ealice%40gmial.com');
    const calls = () => visit.sent.filter(({ method }) => method === 'POST').length;
    expect(await visit.page.inputValue('#email')).toBe('<b>alice@gmial.com');
    expect(await visit.page.textContent('#suggested')).toBe('<b>alice@gmail.com');
    await visit.page.fill('#email', ' ');
    await visit.page.click('#submit');
    await visit.page.waitForSelector('#email-error:has-text("Type the e-mail address")');
    expect(await visit.read('document.activeElement.id')).toBe('email');
    await visit.page.waitForSelector('#suggestion', { state: 'hidden' });
    await visit.page.fill('#email', 'alice@gmial.com');
    await visit.page.waitForSelector('#status:text-is("Did you mean alice@gmail.com?")', { state: 'attached' });
    await visit.page.click('#take-suggestion');
    expect(await visit.page.inputValue('#email')).toBe('alice@gmail.com');
    expect(await visit.page.isVisible('#suggestion')).toBe(false);
    expect(calls()).toBe(0);

    await visit.page.fill('#email', 'alice@gmial.com');
    await visit.page.press('#email', 'Enter');
    await visit.page.waitForSelector('#suggestion:has-text("Did you mean alice@gmail.com?")');
    expect(await visit.page.textContent('#address')).toBe('alice@gmial.com');
    expect(calls()).toBe(1);
    await visit.page.click('#ask');
    expect(await visit.page.inputValue('#email')).toBe('alice@gmail.com');

    const form = await openForm();
    await form.page.press('#password', 'Enter');
    await form.page.waitForSelector('#password-error:has-text("Type the password")');
    expect(form.sent.filter(({ body }) => body.includes('resetPassword('))).toEqual([]);
  });

  // Shows, ASVS 6.2.6, NIST 3.1.1.2-21
  test('shows the password on demand, and hides it before it is sent', async () => {
    const visit = await openForm();
    await visit.answer('resetPassword', { __typename: 'TooManyRequests', message: '', retryAfterSeconds: 9 });
    await visit.page.fill('#password', password);
    await visit.page.getByRole('button', { name: 'Show password' }).click();
    expect(await visit.page.getAttribute('#password', 'type')).toBe('text');
    await visit.page.getByRole('button', { name: 'Hide password' }).click();
    expect(await visit.page.getAttribute('#password', 'type')).toBe('password');
    await visit.page.click('#reveal');
    await visit.page.click('#submit');
    expect(await visit.page.getAttribute('#password', 'type')).toBe('password');
  });

  test('counts while typing, and asks for nothing but a length', async () => {
    const visit = await openForm();
    const feedback = visit.page.locator('#password-feedback');
    expect(await visit.page.textContent('#password-hint')).toContain('At least 15 characters');
    await visit.page.fill('#password', 'e\u0301'.repeat(14));
    expect(await feedback.textContent()).toBe('1 character to go.');
    await visit.page.fill('#password', '🔑'.repeat(15));
    expect(await feedback.textContent()).toBe('Long enough.');
    await visit.page.fill('#password', 'a'.repeat(130));
    expect(await feedback.textContent()).toBe('2 characters too many.');
    await visit.page.waitForSelector('#status:text-is("2 characters too many.")', { state: 'attached' });
    await visit.page.press('#password', 'Enter');
    await visit.page.waitForSelector('#password-error:has-text("130 characters and may have at most 128")');
    expect(visit.sent.filter(({ body }) => body.includes('resetPassword(')).length).toBe(0);
  });

  test('works by keyboard alone, with the focus in sight', async () => {
    const visit = await openForm();
    const { keyboard } = visit.page;
    const focused = () => visit.read<string>('document.activeElement.id || document.activeElement.tagName');
    const outlined = () => visit.read<string>('getComputedStyle(document.activeElement).outlineStyle');
    expect(await focused()).toBe('heading');
    await keyboard.press('Tab');
    expect([await focused(), await outlined()]).toEqual(['password', 'solid']);
    await keyboard.type('too short');
    await keyboard.press('Enter');
    await visit.page.waitForSelector('#password-error p');
    expect(await focused()).toBe('password');
    await keyboard.press('Control+A');
    await keyboard.type(password);
    expect(await visit.page.isVisible('#password-error')).toBe(false);
    await keyboard.press('Tab');
    expect([await focused(), await outlined()]).toEqual(['reveal', 'solid']);
    await keyboard.press('Space');
    expect(await visit.page.getAttribute('#password', 'type')).toBe('text');
    await keyboard.press('Tab');
    expect([await focused(), await outlined()]).toEqual(['submit', 'solid']);
    await keyboard.press('Enter');
    await visit.page.waitForSelector('h1:text-is("Your password is changed")');
    expect(await focused()).toBe('heading');
    // The settings have no sign-in URL, so the page shows no link for it.
    expect(await visit.page.isVisible('#sign-in')).toBe(false);
  });

  test('has one heading, which titles the page, and ties each error to its field', async () => {
    await eachView({}, async (visit) => {
      const title = await visit.page.textContent('h1');
      expect(await visit.page.locator('h1').count()).toBe(1);
      expect(await visit.page.title()).toBe(`${title} – Latchkey`);
      const untied = await visit.read(`[...document.querySelectorAll('input:not([aria-hidden])')].flatMap((input) =>
        input.getAttribute('aria-describedby').split(' ').filter((id) => !document.getElementById(id)))`);
      expect(untied).toEqual([]);
      const twice = await visit.read(`[...document.querySelectorAll('[id]')].map(({ id }) => id)
        .filter((id, index, all) => all.indexOf(id) !== index)`);
      expect(twice).toEqual([]);
      expect(await visit.read('document.documentElement.lang')).toBe('en');
      expect(visit.errors).toEqual([]);
    });
  });

  test.each([360, 320])('fits on a phone of %i px', async (width) => {
    await eachView({ ...phone, viewport: { width, height: 640 } }, async ({ read }) => {
      expect(await read<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const small = `[...document.querySelectorAll('button, .button, footer a, input:not([aria-hidden])')].filter((element) =>
        element.checkVisibility() && element.getBoundingClientRect().height < 44).length`;
      expect(await read(small)).toBe(0);
    });
  });

  test.each(['light', 'dark'] as const)('is couldBe in %s (WCAG 2.2 AA)', async (colorScheme) => {
    const grounds = new Set<string>();
    await eachView({ colorScheme, reducedMotion: 'reduce' }, async ({ read }) => {
      grounds.add(await read<string>('getComputedStyle(document.body).backgroundColor'));
      const all = await read<{ element: string; contrast: number }[]>(contrasts);
      expect(all.length).toBeGreaterThan(3);
      expect(all.filter(({ contrast }) => !(contrast >= 4.5))).toEqual([]);
      expect(await read(`getComputedStyle(document.querySelector('button')).transitionDuration`)).toBe('0s');
    });
    expect([...grounds]).toEqual([colorScheme === 'light' ? 'rgb(242, 244, 248)' : 'rgb(15, 17, 22)']);
  });

  test('says without JavaScript why it needs it', async () => {
    const visit = await open('', { javaScriptEnabled: false });
    expect(await visit.page.textContent('noscript')).toContain('This page needs JavaScript');
    expect(await visit.page.isVisible('h1')).toBe(true);
  });
});
