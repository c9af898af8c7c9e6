import { readdirSync, readFileSync } from 'node:fs';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalogue } from '../../src/languages/catalogue.js';
import { Catalogues } from '../../src/languages/catalogues.js';
import { render } from '../../src/languages/message.js';
import { duration } from '../../src/languages/times.js';
import { packageFolder, templatesFolder } from '../../src/package-files.js';
import { readPageFiles } from '../../src/password-reset/page-files.routes.js';
import { PageHtml } from '../../src/password-reset/page-html.js';
import { resetPageRoutes } from '../../src/password-reset/reset-page.routes.js';

const catalogues = new Catalogues(templatesFolder, 'nl');
const folder = `${packageFolder}src/password-reset/reset-page`;
const source = (file: string) => readFileSync(`${folder}/${file}`, 'utf8');
/** The page's scripts, without comments and imports. */
const scripts = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => source(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|^import [\s\S]*?;$/gm, ''))
  .join('\n');
/** Texts that are named by the schema's reasons and rules, and by the client's kinds of failure. */
const reasons = ['used', 'expired', 'superseded', 'unknown'];
const rules =
  'too-short too-long not-well-formed too-common same-as-before contains-account-name contains-product-name';
const named = [
  ...reasons.flatMap((reason) => [reason, `${reason}-title`, `sign-up-${reason}`]),
  ...['sign-up-superseded-title', 'offline', 'timeout', 'unavailable', 'refused', 'failed'],
  ...rules.split(' '),
];
const settings = {
  productName: '5 <6>',
  pageUrl: 'https://1.example/',
  signInUrl: 'https://2.example/',
  supportUrl: 'https://3.example/',
};
let app: FastifyInstance;
let html: PageHtml;
beforeAll(async () => {
  app = fastify();
  html = await PageHtml.read();
  const brand = { ...settings, accent: { light: undefined, dark: undefined }, footerLinks: [] };
  await resetPageRoutes(app, settings, await readPageFiles(brand, undefined), catalogues);
});
afterAll(() => app.close());

const page = async (url: string, headers: Record<string, string> = {}) => {
  const { statusCode, body, headers: answered } = await app.inject({ url, headers });
  return { statusCode, body, vary: String(answered.vary), etag: String(answered.etag) };
};
const languageOf = (html: string) => /<html lang="([^"]*)" dir="([^"]*)"/.exec(html)?.slice(1).join(' ');

describe('the page', () => {
  it('has in each language its words and direction, and an ETag of its own', async () => {
    const etags = new Set<string>();
    for (const language of catalogues.languages) {
      const { statusCode, body, vary, etag } = await page(`/reset-password?lang=${language}`);
      const { direction, page: texts } = catalogues.of(language);
      expect([statusCode, languageOf(body)]).toEqual([200, `${language} ${direction}`]);
      expect(vary).toMatch(/Accept-Language/);
      expect(body).toContain(`<title>${texts.title} – 5 &lt;6&gt;</title>`);
      etags.add(etag);
    }
    expect(etags.size).toBe(catalogues.languages.length);
  });

  it.each([
    ['/reset-password', 'de-CH, fr;q=0.5', 'de ltr'],
    ['/reset-password', 'tlh, he;q=0.5', 'he rtl'],
    ['/reset-password', 'tlh', 'nl ltr'],
    ['/reset-password', Array.from({ length: 2_000 }, (_, at) => `x${at}`).join(), 'nl ltr'],
    ['/reset-password?lang=ar', 'de', 'ar rtl'],
    ['/reset-password?lang=pt', 'de', 'pt-BR ltr'],
    ['/reset-password?lang=tlh', 'de', 'de ltr'],
    ['/reset-password?lang=..%2F..%2Fetc%2Fpasswd', 'de', 'de ltr'],
    ['/reset-password?lang=ar&lang=he', 'de', 'de ltr'],
    ['/reset-password?lang=%22%3E%3Cscript%3E', '', 'nl ltr'],
  ])('at %s for a browser that asks for %.20s is in %s', async (url, accepted, language) => {
    const { statusCode, body } = await page(url, { 'accept-language': accepted });
    expect([statusCode, languageOf(body)]).toEqual([200, language]);
  });

  it("holds an operator's markup as text, and cannot be made where a text is missing", () => {
    const { signInUrl, supportUrl, productName } = settings;
    const looks = { logo: null, icon: '', footerLinks: [] };
    const values = { productName, signInUrl, supportUrl, styles: 'a.css', script: 'a.js', looks };
    const english = catalogues.of('en');
    const hostile = '</template><script>alert(1)</script>';
    const marked = { ...english.page, title: hostile, timeout: hostile };
    expect(html.in('en', { ...english, page: marked }, values)).not.toMatch(/<script>|<\/template><s/);
    const { title: _, ...rest } = english.page;
    expect(() => html.in('en', { ...english, page: rest }, values)).toThrow(/say\.title/);
  });

  it('says nothing that is not of the catalogue', () => {
    const words = source('page.html').replace(/<[^>]*>|\{\{.*?\}\}|\{%.*?%\}/gs, ' ');
    expect(words.match(/\p{L}+/gu)).toBe(null);
    const labels = [...source('page.html').matchAll(/(?:aria-label|placeholder|title|alt)="([^"]*)"/g)];
    expect(
      labels.map(([, label]) => label).filter((label) => !/^\{\{ (?:say\.|productName )/.test(label ?? '')),
    ).toEqual([]);
    // Two words with a blank between them are a sentence, or an error for the console.
    const sentences = [...scripts.matchAll(/(['`])((?:(?!\1).)*\p{L}{2} \p{L}{2}(?:(?!\1).)*)\1/gu)].map(
      ([, , text]) => text,
    );
    expect(sentences.filter((text) => !/^no text |^page\.html has no /.test(text ?? ''))).toEqual([]);
  });

  it('says every text of the catalogue, and no other, and the script gets those that it says', () => {
    const known = Object.keys(catalogues.of('en').page);
    const inHtml = [...source('page.html').matchAll(/\{\{ say\.([\w-]+) \}\}/g)].map(([, key = '']) => key);
    const inScripts = known.filter((key) => scripts.includes(`'${key}'`) || named.includes(key));
    expect(known.filter((key) => !inHtml.includes(key) && !inScripts.includes(key))).toEqual([]);
    expect(inHtml.filter((key) => !known.includes(key))).toEqual([]);
    const said = [
      ...scripts.matchAll(/\b(?:say|tell|setback)\((?:'[\w-]+', |result, )?(?:\w+ \? )?'([\w-]+)'(?: : '([\w-]+)')?/g),
    ];
    const keys = [...said.flatMap(([, one = '', other]) => (other ? [one, other] : [one])), ...named];
    const { page: sent } = html.textsForScript('en', catalogues.of('en'));
    expect(said.length).toBeGreaterThan(30);
    expect(keys.filter((key) => !(key in sent))).toEqual([]);
  });

  it('hands its script all forms that a whole number takes, and no other', () => {
    const { page: sent, time } = html.textsForScript('uk', catalogues.of('uk'));
    const forms = ([part]: readonly unknown[]) => Object.keys((part as { cases: object }).cases);
    expect(forms(sent['to-go'] as [])).toEqual(['one', 'few', 'many']);
    for (const language of catalogues.languages) {
      const { page: texts } = html.textsForScript(language, catalogues.of(language));
      for (let n = 0; n < 200; n++) {
        const said = (all: Catalogue['page']) => render(all['to-go'] ?? '', { n }, language);
        expect(said(texts), `${n} in ${language}`).toBe(said(catalogues.of(language).page));
      }
    }
    expect(duration(time.for, 3_600, 'uk')).toBe(duration(catalogues.of('uk').time.for, 3_600, 'uk'));
  });

  it('names the button that shows the password by what stands on it', () => {
    for (const language of catalogues.languages) {
      const { show, hide, ...texts } = catalogues.of(language).page;
      expect(String(texts['show-password']).toLowerCase(), language).toContain(String(show).toLowerCase());
      expect(String(texts['hide-password']).toLowerCase(), language).toContain(String(hide).toLowerCase());
    }
  });
});
