import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileCatalogues } from '../../src/build/compile-templates.js';
import { Catalogues } from '../../src/languages/catalogues.js';
import { MailTemplates } from '../../src/mail/mail-template.js';
import { packageFolder, templatesFolder } from '../../src/package-files.js';

/** As docs/languages.md says: one file, and a build. Its texts are pseudo-localised, so other words are hard-coded. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-languages-'));
  await cp(`${packageFolder}templates/locales`, join(folder, 'sources'), { recursive: true });
  await cp(`${templatesFolder}/mail`, join(folder, 'mail'), { recursive: true });
  const english = await readFile(`${packageFolder}templates/locales/en.json`, 'utf8');
  const texts = JSON.parse(english, (_key, text) => (typeof text === 'string' ? pseudo(text) : text));
  const facts = { name: 'Magyar', direction: 'ltr', reviewed: 'no' };
  await writeFile(join(folder, 'sources/hu.json'), JSON.stringify({ ...texts, ...facts }));
  await compileCatalogues(join(folder, 'sources'), join(folder, 'locales'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a twenty-first language', () => {
  it('is one file', () => {
    const catalogues = new Catalogues(folder);
    expect(catalogues.languages).toHaveLength(21);
    expect(catalogues.find('hu-HU')).toBe('hu');
  });

  it('is all that a mail says', () => {
    const templates = new MailTemplates(folder);
    const [link, page] = ['https://1.example/#1', 'https://1.example'];
    const times = { lifetime: '1', expiresAt: '2', nextMailAt: '3', changedAt: '4', askedAt: '5' };
    const values = { ...times, productName: '5', link, resetPageUrl: page, supportUrl: page };
    for (const name of Object.keys(templates.catalogues.of('hu').mail)) {
      for (const isLast of [true, false]) {
        const { subject, html, text } = templates.fill(name, 'hu', {
          ...values,
          isLast,
          origin: 'originWith',
          browser: '6',
        });
        const seen = html
          .replace(/^[\s\S]*?<\/title>/, '')
          .replace(/<style[\s\S]*?<\/style>|<!--[\s\S]*?-->|<[^>]*>/g, ' ');
        for (const words of [subject, text, seen]) {
          expect(
            words
              .replace(/https:\/\/\S*/g, '')
              .replace(/&\w+;/g, '')
              .match(/[A-Za-z]{2,}/g),
            name,
          ).toBe(null);
        }
      }
    }
  });

  it('with a text left out is refused, and named', async () => {
    const { name, ...rest } = JSON.parse(await readFile(join(folder, 'sources/hu.json'), 'utf8'));
    delete rest.mail['sign-up'].button;
    await writeFile(join(folder, 'sources/hu.json'), JSON.stringify({ name, ...rest }));
    await expect(compileCatalogues(join(folder, 'sources'), join(folder, 'refused'))).rejects.toThrow(
      'hu.json: mail.sign-up.button: is missing',
    );
  });
});

/** Puts a mark on every letter outside of `{…}`, and one more half in length: `Ŝȅẗ`. */
function pseudo(text: string): string {
  const inside = /(\{\w+\}|\{\w+, plural,|(?:one|other) (?=\{))/;
  return text
    .split(inside)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(/[A-Za-z]/g, (letter) => `${letter}\u0308\u0323`)))
    .join('');
}
