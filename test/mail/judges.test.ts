import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import PostalMime from 'postal-mime';
import { beforeAll, describe, expect, it } from 'vitest';
import { branded, catalogues, type Facts, mailsIn, templates, wrapped } from './every-mail.js';

const folder = fileURLToPath(new URL('./judges/', import.meta.url));
const isInstalled = existsSync(`${folder}node_modules/caniemail`);
const whyNot = isInstalled ? '' : ' (skipped: needs `npm ci` in test/mail/judges)';
const isSpamKnown = existsSync('/usr/bin/spamassassin');
const whyNoSpam = isSpamKnown ? '' : ' (skipped: SpamAssassin is not installed)';

interface Judges {
  faultsOf(html: string): Promise<string[]>;
  unsupported(html: string, clients: readonly string[]): Set<string>;
  read(message: Buffer): Promise<{ subject: string; html: string; text: string; attachments: readonly object[] }>;
}

const key = 'Tb0nYk7hQw2dX5uPz9rLc1vGm4sJa8fKo3iWq6tNy_U';
const at = (site: string, productName: string): Facts => ({
  productName,
  link: `https://id.${site}/reset-password?lang=zh-Hans#key=${key}`,
  resetPageUrl: `https://id.${site}/reset-password?lang=zh-Hans`,
  supportUrl: `https://${site}/help`,
});
const ours = at('nordwind.test', 'Nordwind');

/** In the form of caniemail.com. Windows' Thunderbird is not in its data. */
const clients = [
  ...'gmail outlook apple-mail yahoo aol samsung-email protonmail gmx'.split(' ').map((each) => `${each}.*`),
  'thunderbird.macos',
];
/** What may be ignored, and what is lost then. */
const mayBeIgnored: Readonly<Record<string, string>> = {
  '<style> element': 'the dark palette and the width on phones: the light one is inline, and tables shrink',
  '@media': 'the same',
  'Class selector': 'the same',
  'Type selector': 'the same',
  'Descendant combinator': 'the same',
  'Chaining selectors': 'the same',
  '!important keyword': 'the same',
  'color-scheme CSS property': 'the dark palette',
  'color-scheme meta tag': 'the dark palette',
  '<body> element': 'its colour; a div inside has the same, and language and direction',
  'lang attribute': 'how screen readers pronounce',
  'dir attribute': 'direction: each cell says it in its style, too',
  'aria-label attribute': 'the subject, which the program shows',
  'role attribute': 'that tables are for layout',
  'display:none': 'the preheader is hidden by its height',
  'max-height property': 'the preheader is hidden by display',
  overflow: 'the same',
  'height property': 'that pictures keep their proportions',
  'border-radius': 'round corners',
  'word-break': 'that long links break',
  'text-decoration': 'the line under the button is not taken away',
};

describe.skipIf(!isInstalled)(`the HTML of every mail${whyNot}`, () => {
  let judges: Judges;
  beforeAll(async () => {
    judges = (await import(new URL('./judges/program.mjs', import.meta.url).href)) as Judges;
  });

  // The same templates make all languages: of each direction one is enough.
  it.each(['en', 'ar'])('is clean to html-validate, in %s', async (language) => {
    for (const look of [undefined, branded]) {
      for (const [name, { html }] of mailsIn(language, ours, look))
        expect(await judges.faultsOf(html), name).toEqual([]);
    }
  });

  it('uses nothing that a mail program does not know, but what may be ignored', () => {
    const errors = (look: typeof branded | undefined, among: readonly string[]) =>
      ['en', 'ar'].flatMap((language) =>
        [...mailsIn(language, ours, look).values()].flatMap(({ html }) => [...judges.unsupported(html, among)]),
      );
    // GMX's apps are not in the data for pictures.
    const web = clients.map((each) => (each === 'gmx.*' ? 'gmx.desktop-webmail' : each));
    const found = new Set([...errors(undefined, clients), ...errors(branded, web)]);
    expect([...found].sort()).toEqual(Object.keys(mayBeIgnored).sort());
  });

  it.each(catalogues.languages)(
    'is read back by two parsers, with the words and links of the text, in %s',
    async (language) => {
      for (const [name, mail] of mailsIn(language, ours, branded)) {
        const message = await wrapped(mail);
        const [one, other] = await Promise.all([judges.read(message), PostalMime.parse(message)]);
        for (const { subject, html = '', text = '', attachments } of [one, other]) {
          expect(attachments, name).toHaveLength(1);
          expect({ subject, html: lines(html), text: lines(text) }, name).toEqual({
            subject: mail.subject,
            html: lines(mail.html),
            text: lines(mail.text),
          });
          const linked = [...html.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'));
          expect([...new Set(linked)].sort(), name).toEqual([...new Set(text.match(/https:\S+/g))].sort());
        }
      }
    },
  );
});

describe.skipIf(!isSpamKnown)(`SpamAssassin${whyNoSpam}`, () => {
  const full = at('recover-here.acme.example', 'Acme Reference');
  let found: Map<string, string>;
  beforeAll(async () => {
    const mails = await mkdtemp(join(tmpdir(), 'latchkey-mails-'));
    try {
      const plain = catalogues.languages.map((language) => writeMails(mails, language, ours, /^reset-link$/));
      const withLogo = catalogues.languages.map((language) => {
        return writeMails(mails, language, ours, /^reset-link$/, 'logo-', branded);
      });
      const others = writeMails(mails, 'en', ours, /^(?!reset-link$)/);
      const namesWithE = ['uk', 'cs'].map((language) => writeMails(mails, language, full, /^reset-link$/, 'e-'));
      const files = (await Promise.all([...plain, ...withLogo, others, ...namesWithE])).flat();
      const { stdout } = await promisify(execFile)('/usr/bin/perl', [join(folder, 'spamassassin.pl'), ...files]);
      const said = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      found = new Map(said.map(([file = '', score = '', rules = '']) => [basename(file), `${score} ${rules}`]));
      expect(said).toHaveLength(2 * catalogues.languages.length + 5 + 2);
    } finally {
      await rm(mails, { recursive: true });
    }
  });

  it('gives 0.0 to 0.2 points of 5 in every language, without and with a logo', () => {
    const verdicts = [...found].filter(([file]) => !file.startsWith('e-'));
    expect(verdicts.filter(([, verdict]) => !(Math.abs(Number.parseFloat(verdict)) <= 0.2))).toEqual([]);
  });

  // MIXED_ES counts Latin e's among Cyrillic ones; 20 of them, which names and addresses alone can have, are too many.
  it('gives 1 point by one rule, in Ukrainian, to names and addresses that are full of the letter e', () => {
    expect(found.get('e-uk.reset-link')).toMatch(/^1\.00 HTML_MESSAGE,MIXED_ES,NO_RECEIVED,NO_RELAYS$/);
    expect(found.get('e-cs.reset-link')).toMatch(/^-?0\.00 HTML_MESSAGE,NO_RECEIVED,NO_RELAYS$/);
  });
});

/** Writes those mails of a language whose name fits, as they go to the relay. @returns the files */
async function writeMails(
  to: string,
  language: string,
  facts: Facts,
  wanted: RegExp,
  prefix = '',
  look = templates,
): Promise<string[]> {
  const from = { name: facts.productName, address: `no-reply@${new URL(facts.supportUrl).host}` };
  const mails = [...mailsIn(language, facts, look)].filter(([name]) => wanted.test(name));
  return Promise.all(
    mails.map(async ([name, mail]) => {
      const file = join(to, `${prefix}${language}.${name.replaceAll(/\W+/g, '-')}`);
      await writeFile(file, await wrapped(mail, { from }));
      return file;
    }),
  );
}

/** Parsers differ in line ends, and in the one at the end. */
const lines = (text: string) => text.replaceAll('\r\n', '\n').trimEnd();
