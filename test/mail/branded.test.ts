import PostalMime from 'postal-mime';
import { expect, it } from 'vitest';
import { createMailTemplates } from '../../src/services/mail-templates.js';
import { readSettings } from '../../src/settings/settings.js';
import { folderOf, png } from '../brand/pictures.js';
import { mailsIn, wrapped } from './every-mail.js';

const site = 'https://acme.example';
const facts = { productName: 'Acme', link: `${site}/#key=abc`, resetPageUrl: `${site}/`, supportUrl: `${site}/help` };
const picture = png(640, 120);
const env = {
  ACCENT_COLOR: '#0b6e4f',
  FOOTER_LINKS: `Imprint ${site}/imprint, Terms & <more> ${site}/terms?a=1&b=2`,
  MAIL_REPLY_TO: 'Acme <help@acme.example>',
};
/** What `latchkey dev` makes. */
const toCome = ['ACCESS_TOKEN_SIGNING_KEY', 'DATABASE_URL', 'REDIS_URL', 'SECRET', 'SMTP_URL'] as const;
const settingsWith = (more: object) => readSettings({ ...env, ...more }, 'dev', toCome);

/** The mail with a link, as somebody gets it. */
async function sent(more: object, to?: string) {
  const settings = settingsWith(more);
  const mail = mailsIn('en', facts, createMailTemplates(settings)).get('reset-link');
  if (!mail) throw new Error('no mail');
  const message = await wrapped(mail, settings.mail, to);
  return { ...(await PostalMime.parse(message)), source: message.toString() };
}

it('a mail shows the logo that goes with it, in half of its pixels, and the name where pictures are off', async () => {
  const { html, attachments, source } = await sent({ LOGO_FILE: `${folderOf({ 'logo.png': picture })}/logo.png` });
  expect(html).toMatch(/<img src="cid:logo@mail\.invalid" alt="Acme" width="213" height="40"/);
  expect(attachments).toMatchObject([
    { mimeType: 'image/png', disposition: 'inline', contentId: '<logo@mail.invalid>', related: true },
  ]);
  expect(Buffer.from(attachments[0]?.content as ArrayBuffer)).toEqual(picture);
  expect(source).toMatch(/^To: <alice@example\.com>\r$/m);
  expect(source).toMatch(/multipart\/alternative[\s\S]*text\/plain[\s\S]*multipart\/related[\s\S]*text\/html/);
});

it('with a logo, too, each address stands in its header, however long it is', async () => {
  const more = {
    LOGO_FILE: `${folderOf({ 'logo.png': picture })}/logo.png`,
    MAIL_FROM: 'Acme <no-reply@acme.example>',
  };
  const label = `${'b'.repeat(60)}.`;
  for (const to of ['a@b.example', `${'a'.repeat(64)}@mail.example`, `${'a'.repeat(64)}@${label.repeat(2)}example`]) {
    const mail = await sent(more, to);
    expect(mail.from).toEqual({ name: 'Acme', address: 'no-reply@acme.example' });
    expect(mail.to).toEqual([{ name: '', address: to }]);
    expect(mail.subject).toBe('Set a new password for Acme');
    expect(mail.source).toMatch(new RegExp(`^To:\\s+<${to}>\r$`, 'm'));
  }
});

it('a mail without a PNG carries no picture, and says the name', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>';
  for (const more of [{}, { LOGO_FILE: `${folderOf({ 'logo.svg': svg })}/logo.svg` }]) {
    const { html, attachments, source } = await sent(more);
    expect(attachments).toEqual([]);
    expect(html).not.toContain('<img');
    expect(html).toMatch(/>Acme<\/div>/);
    expect(source).not.toContain('multipart/related');
  }
});

it('colours, links below and the address for answers are those of the settings', async () => {
  const { html, text, replyTo } = await sent({});
  expect(html).not.toMatch(/#1f4fd8|#93b2ff/);
  expect(html).toMatch(/bgcolor="#0b6e4f"/);
  expect(html).toMatch(/prefers-color-scheme: dark\) \{[\s\S]*\.quiet a[^}]*#(?!0b6e4f)\w{6} !important/);
  expect(html).toContain(`href="${site}/terms?a=1&amp;b=2"`);
  // Each apart, so that from right to left the first is the rightmost.
  expect(html?.match(/<a[^>]* dir="ltr"[^>]*>(?:Imprint|Terms &amp; &lt;more&gt;)<\/a>/g)).toHaveLength(2);
  expect(text).toContain(`-- \nAcme\nImprint: ${site}/imprint\nTerms & <more>: ${site}/terms?a=1&b=2\n`);
  expect(replyTo).toEqual([{ name: 'Acme', address: 'help@acme.example' }]);
});
