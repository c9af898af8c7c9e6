import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailTemplates } from '../../src/mail/mail-template.js';
import { packageFolder, templatesFolder } from '../../src/package-files.js';

const templates = new MailTemplates(templatesFolder);
const link = 'https://recover.example/reset-password#key=abc';
const values = {
  productName: 'Acme & <Söhne>',
  link,
  supportUrl: null,
  lifetime: 'for 1 hour',
  expiresAt: 'tomorrow',
  isLast: false,
  nextMailAt: 'later',
  askedAt: 'today',
  origin: 'originWith',
  browser: 'Firefox',
};
const pages = { productName: 'Acme', supportUrl: null, resetPageUrl: 'https://recover.example/' };
/** Every template, with values for it. */
const mails = {
  'reset-link': values,
  'password-changed': { ...pages, changedAt: 'now' },
  'unknown-address': pages,
  'sign-up': { ...pages, link, lifetime: 'for 1 hour', expiresAt: 'tomorrow' },
  'already-registered': pages,
};

describe('a mail', () => {
  // Shows, V-28
  it('is filled in HTML, escaped, and in text, as it is', () => {
    const mail = templates.fill('reset-link', null, values);
    expect(mail.subject).toBe('Set a new password for Acme & <Söhne>');
    expect(mail.html).toContain('Acme &amp; &lt;Söhne&gt;');
    expect(mail.html).not.toContain('<Söhne>');
    expect(mail.html).toContain(`href="${link}"`);
    expect(mail.text).toContain(`\n${link}\n`);
    expect(mail.text).toContain('Acme & <Söhne>');
    expect(mail.html).toContain('<html lang="en"');
  });

  // Shows: R-76, V-28
  it('escapes what is put into an attribute', () => {
    const { html } = templates.fill('reset-link', null, {
      ...values,
      link: 'https://x.example/"><script>alert(1)</script>',
    });
    expect(html).not.toContain('<script>');
    expect(html).not.toContain('x.example/"');
  });

  // Shows: V-28
  it('has the same tags and attributes whatever is put in, in any of its places', () => {
    const marks = (html: string) => html.replace(/[^<>"]/g, '');
    const piece = fc.oneof(fc.constantFrom('<', '>', '"', "'", '&lt;', '{{', '}}', '{%', '-->', '</td>'), fc.string());
    const hostile = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    for (const [name, plain] of Object.entries(mails)) {
      const usual = { ...plain, supportUrl: 'https://acme.example/help' };
      const places = Object.entries(usual).flatMap(([key, value]) => (typeof value === 'string' ? [key] : []));
      const kept = ['origin'];
      const filled = fc.record(
        Object.fromEntries(places.filter((key) => !kept.includes(key)).map((key) => [key, hostile])),
      );
      const expected = marks(templates.fill(name, 'ar', usual).html);
      fc.assert(
        fc.property(filled, (values) => marks(templates.fill(name, 'ar', { ...usual, ...values }).html) === expected),
        { numRuns: 50 },
      );
    }
  });

  it('does not evaluate what is put in', () => {
    const mail = templates.fill('reset-link', null, { ...values, productName: '{{ link }}{% raw %}' });
    expect(mail.subject).toContain('{{ link }}{% raw %}');
    expect(mail.text).toContain('{{ link }}{% raw %}');
  });

  it('throws when a value is missing', () => {
    const { lifetime: _left, ...incomplete } = values;
    expect(() => templates.fill('reset-link', null, incomplete)).toThrow(/lifetime/);
  });

  // Shows: R-77
  it('asks nobody else for anything: no remote fonts, images or styles', () => {
    const names = readdirSync(`${packageFolder}templates/mail`)
      .filter((file) => /^[a-z-]+\.mjml$/.test(file))
      .map((file) => file.replace('.mjml', ''));
    expect(names.sort()).toEqual(Object.keys(mails).sort());
    for (const name of Object.keys(mails) as (keyof typeof mails)[]) {
      const filled = templates.fill(name, null, mails[name]);
      const addresses = [...filled.html.matchAll(/(?:src|url\(|@import|<link[^>]*href)=?["'(]*([^"')\s>]+)/gi)].map(
        ([, address]) => address,
      );
      expect(addresses, name).toEqual([]);
    }
  });

  // Shows: R-34, ARTHA 6.1.4
  it('tells where to object only where there is such a place', () => {
    const notice = (supportUrl: string | null) =>
      templates.fill('password-changed', null, {
        productName: 'Acme',
        changedAt: 'now',
        supportUrl,
        resetPageUrl: 'https://recover.example/',
      });
    expect(notice('https://acme.example/help').text).toContain('And tell us: https://acme.example/help');
    expect(notice('https://acme.example/help').html).toContain('href="https://acme.example/help"');
    expect(notice(null).text).not.toContain('tell us');
    expect(notice(null).html).not.toContain('tell us');
  });
});

describe('the templates', () => {
  // Shows: V-28
  it('never switch escaping off', () => {
    for (const file of readdirSync(`${packageFolder}templates/mail`)) {
      expect(readFileSync(`${packageFolder}templates/mail/${file}`, 'utf8'), file).not.toMatch(/\|\s*raw|%\s*raw/);
    }
  });

  it.each([
    ['en', 'en'],
    ['EN-us', 'en'],
    ['en_GB', 'en'],
    ['tlh', null],
    ['', null],
    [null, null],
    ['../../etc/passwd', null],
    ['en\n', null],
    ['e'.repeat(9999), null],
  ])('are in the language of the tag %j: %j', (tag, known) => {
    expect(templates.knownLocale(tag)).toBe(known);
  });
});
