import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { expect, it, onTestFinished } from 'vitest';
import { previewMails } from '../../../src/commands/mail/preview.js';
import { readSettings } from '../../../src/settings/settings.js';

const names = ['already-registered', 'password-changed', 'reset-link', 'reset-link-last', 'sign-up', 'unknown-address'];
const look = { PRODUCT_NAME: 'Acme <b>&', SUPPORT_URL: 'https://acme.example/help' };

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-preview-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it('writes every mail in every language, as it would be sent, and a page that leads to each', async () => {
  const folder = newFolder();
  const settings = readSettings(look, 'account', ['DATABASE_URL']);
  expect(await previewMails(settings, folder)).toBe(20 * names.length);
  const index = readFileSync(join(folder, 'index.html'), 'utf8');
  expect(index).toContain('<h1>Mails of Acme &#60;b&#62;&#38;</h1>');
  const links = [...index.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
  expect(links).toHaveLength(20 * names.length * 3);
  expect(links.filter((link) => !existsSync(join(folder, link)))).toEqual([]);
  for (const name of names) {
    const mail = await PostalMime.parse(readFileSync(join(folder, `ar/${name}.eml`)));
    expect([mail.from?.address, mail.to?.[0]?.address]).toEqual([settings.mail.from.address, 'reader@example.com']);
    expect(mail.html).toMatch(/dir="rtl"/);
    expect(mail.text?.replaceAll('\r\n', '\n').trim()).toBe(
      readFileSync(join(folder, `ar/${name}.txt`), 'utf8').trim(),
    );
  }
});

it('writes one language, and names those that there are', async () => {
  const folder = newFolder();
  const settings = readSettings(look, 'account', ['DATABASE_URL']);
  expect(await previewMails(settings, folder, 'pt')).toBe(names.length);
  expect(readdirSync(folder).sort()).toEqual(['index.html', 'pt-BR']);
  const none = join(folder, 'none');
  await expect(previewMails(settings, none, '../../etc')).rejects.toThrow(
    /^no texts in \.\.\/\.\.\/etc; there are ar, cs,/,
  );
  expect(existsSync(none)).toBe(false);
});
