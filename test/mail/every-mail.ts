import { accentOf } from '../../src/brand/accent.js';
import { Catalogues } from '../../src/languages/catalogues.js';
import { duration, moment, momentWithDay } from '../../src/languages/times.js';
import { lookOf } from '../../src/mail/look.js';
import type { MailSettings } from '../../src/mail/mail.js';
import { type FilledMail, MailTemplates } from '../../src/mail/mail-template.js';
import { wrapMail } from '../../src/mail/wrap-mail.js';
import { templatesFolder } from '../../src/package-files.js';
import { png } from '../brand/pictures.js';

export const catalogues = new Catalogues(templatesFolder);
export const templates = new MailTemplates(templatesFolder, catalogues);

/** The values that are the same in every language. */
export interface Facts {
  readonly productName: string;
  readonly link: string;
  readonly resetPageUrl: string;
  readonly supportUrl: string;
}

/** All values of all mails, as the server makes them. */
export function valuesIn(language: string, facts: Facts) {
  const lifetime = duration(catalogues.of(language).time.for, 3_600, language);
  const time = moment(new Date('2026-11-28T15:04:59Z'), language);
  const askedAt = momentWithDay(new Date('2026-11-28T14:05:00Z'), language);
  const origin = { origin: 'originWith', browser: 'Samsung Internet', askedAt };
  return { ...facts, ...origin, lifetime, expiresAt: time, changedAt: time, nextMailAt: time };
}

/** Every mail in every form, filled as the server fills it. */
export function mailsIn(language: string, facts: Facts, from = templates): Map<string, FilledMail> {
  const all = valuesIn(language, facts);
  const names = Object.keys(catalogues.of(language).mail);
  const fill = (name: string, isLast = false) => from.fill(name, language, { ...all, isLast });
  const filled = names.map((name) => [name, fill(name)] as const);
  return new Map([...filled, ['reset-link, the last', fill('reset-link', true)]]);
}

/** With a logo, an accent colour, and links below. */
export const branded = new MailTemplates(
  templatesFolder,
  catalogues,
  lookOf({
    logo: { svg: undefined, png: { bytes: png(320, 80), width: 320, height: 80 } },
    accent: { light: accentOf('#0b6e4f', 'light'), dark: accentOf('#5fd0a5', 'dark') },
    footerLinks: [
      { text: 'Imprint', url: 'https://nordwind.test/imprint' },
      { text: 'Privacy', url: 'https://nordwind.test/privacy?a=1&b=2' },
    ],
  }),
);

/** The message as it goes to the relay. */
export async function wrapped(
  mail: FilledMail,
  sender: Pick<MailSettings, 'from' | 'replyTo'> = { from: { name: 'Acme', address: 'a@acme.example' } },
  to = 'alice@example.com',
): Promise<Buffer> {
  const content = { ...mail, to, messageId: 'b3b1c6a0-0000-4000-8000-000000000000.m' };
  const place = { signal: AbortSignal.timeout(1_000), stage: () => undefined };
  const { message } = await wrapMail(content, sender, place as never);
  return message;
}
