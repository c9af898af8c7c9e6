import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { flat, type Texts } from '../../src/languages/catalogue.js';
import { isolated, type Message, render } from '../../src/languages/message.js';
import { argumentsOf } from '../../src/languages/read-message.js';
import type { FilledMail } from '../../src/mail/mail-template.js';
import { packageFolder } from '../../src/package-files.js';
import { branded, catalogues, mailsIn, valuesIn, wrapped } from '../mail/every-mail.js';

const numbers = [0, 1, 2, 3, 5, 11, 21, 100];
/** Names that no language has a word for, so that they can be taken out of a mail again. */
const values = {
  productName: 'Qwzx & <Söhne>',
  link: `https://recover.example/reset-password#key=${'k'.repeat(43)}`,
  resetPageUrl: 'https://recover.example/reset-password',
  supportUrl: 'https://acme.example/help?a=1&b=2',
};
it('there are twenty', () => {
  expect(catalogues.languages.join(' ')).toBe('ar cs da de en es fi fr he it ja ko nb nl pl pt-BR sv tr uk zh-Hans');
});

describe.each(catalogues.languages)('in %s', (language) => {
  const catalogue = catalogues.of(language);
  const isRtl = catalogue.direction === 'rtl';
  let filled: Map<string, FilledMail>;
  beforeAll(() => {
    filled = mailsIn(language, values);
  });

  it('every text can be said with every value', () => {
    const { time, mail, page, site } = catalogue;
    const texts = flat({ time, mail, page, site } as unknown as Texts<Message>, isMessage);
    expect(texts.size).toBeGreaterThan(140);
    for (const [key, message] of texts) {
      const counted = [...argumentsOf(message)].filter(([, cases]) => cases.size > 0).map(([name]) => name);
      for (const number of counted.length > 0 ? numbers : [0]) {
        const each = Object.fromEntries([...argumentsOf(message).keys()].map((name) => [name, `‹${name}›`]));
        const said = render(
          message,
          { ...each, ...Object.fromEntries(counted.map((name) => [name, number])) },
          language,
        );
        expect(said, key).not.toMatch(/[{}]|undefined|^\s|\s$| {2}/);
        for (const name of Object.keys(each).filter((each) => !counted.includes(each)))
          expect(said, key).toContain(`‹${name}›`);
        // Arabic and Hebrew have words for one and two of a thing.
        if (counted.length > 0 && !(isRtl && (number === 1 || number === 2)))
          expect(said, key).toContain(String(number));
      }
    }
  });

  it('every mail says the same in HTML and in text, and nothing that is not of the catalogue', () => {
    for (const [name, { subject, html, text }] of filled) {
      const said = sentences(name.split(',')[0] ?? '', language);
      const body = visible(html);
      for (const [key, sentence] of said) {
        if (key === 'subject' || key === 'preview') continue;
        const onlyInHtml = key === 'button' || key === 'fallback';
        expect(body.includes(sentence), `${name}: ${key}`).toBe(onlyInHtml || text.includes(sentence));
      }
      expect(text).toContain(said.get('heading'));
      expect(subject).toBe(said.get('subject'));
      const known = [...said.values(), ...Object.values(values)].sort((a, b) => b.length - a.length);
      const left = (all: string) =>
        known.reduce((rest, each) => rest.replaceAll(each, ' '), all).replace(/\s|-- /g, '');
      expect({ body: left(body), text: left(text) }, name).toEqual({ body: '', text: '' });
    }
  });

  it('every mail has its direction, and its values theirs', () => {
    for (const { html, subject } of filled.values()) {
      expect(html).toContain(`<html lang="${language}" dir="${catalogue.direction}"`);
      expect(html.match(/(?:text-align|align=|direction)[:"]*(?:left|right|ltr|rtl)/g)?.join()).not.toMatch(
        isRtl ? /left|ltr/ : /right|rtl/,
      );
      if (/Qwzx/.test(subject)) expect(subject.includes(isolated(values.productName))).toBe(isRtl);
      for (const [link] of html.matchAll(/<a [^>]*>https:/g)) expect(link).toContain('dir="ltr"');
    }
  });

  it('every mail is small: 12 kB of HTML, 76 characters in a line on the wire', async () => {
    for (const [name, mail] of [...filled, ...mailsIn(language, values, branded)]) {
      expect(Buffer.byteLength(mail.html), name).toBeLessThanOrEqual(12_000);
      const message = await wrapped(mail);
      const longest = Math.max(
        ...message
          .toString('utf8')
          .split(/\r?\n/)
          .map((line) => line.length),
      );
      expect(longest, name).toBeLessThanOrEqual(76);
    }
  });
});

it('every language has its own words for every text but names', () => {
  const english = flat(
    (({ mail, page, site }) => ({ mail, page, site }))(catalogues.of('en')) as unknown as Texts<Message>,
    isMessage,
  );
  for (const language of catalogues.languages.filter((each) => each !== 'en')) {
    const { mail, page, site } = catalogues.of(language);
    const texts = flat({ mail, page, site } as unknown as Texts<Message>, isMessage);
    const same = [...texts].filter(([key, text]) => JSON.stringify(text) === JSON.stringify(english.get(key)));
    expect(
      same.map(([key]) => key).filter((key) => key !== 'page.password'),
      language,
    ).toEqual([]);
  }
});

it('docs/languages.md names each, and says which nobody has read who grew up with it', () => {
  const page = readFileSync(`${packageFolder}docs/languages.md`, 'utf8');
  for (const language of catalogues.languages) {
    const { name, reviewed } = catalogues.of(language);
    expect(page).toContain(`| \`${language}\` | ${name} | ${reviewed} |`);
  }
});

/** The sentences of a mail as they are said with `values`. */
function sentences(name: string, language: string): Map<string, string> {
  const isolate = catalogues.of(language).direction === 'rtl' ? isolated : undefined;
  const texts = Object.entries(catalogues.of(language).mail[name] ?? {});
  return new Map(texts.map(([key, text]) => [key, render(text, valuesIn(language, values), language, isolate)]));
}

/** What is seen of the HTML of a mail, and no preheader. */
function visible(html: string): string {
  const body = html.replace(/^[\s\S]*?<body[^>]*>/, '').replace(/<div style="display:none[\s\S]*?<\/div>/, '');
  const text = body.replace(/<!--[\s\S]*?-->/g, '').replace(/<[^>]*>/g, ' ');
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', '#39': "'", '#34': '"' };
  return text.replace(/&(\w+|#\d+);/g, (whole, name: string) => entities[name] ?? whole).replace(/\s+/g, ' ');
}

const isMessage = (value: unknown): value is Message => typeof value === 'string' || Array.isArray(value);
