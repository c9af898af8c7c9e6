import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AccountMails, type MailJob } from '../../accounts/account-mails.js';
import { parseEmailAddress } from '../../accounts/email-address.js';
import { logoId } from '../../mail/look.js';
import type { Mail } from '../../mail/mail.js';
import { anyPlace } from '../../mail/mail-places.js';
import { wrapMail } from '../../mail/wrap-mail.js';
import { mintResetKey } from '../../password-reset/keys/reset-key.js';
import { ResetMails } from '../../password-reset/reset-mails.js';
import { openMailTemplates } from '../../services/own-mail-templates.js';
import type { Settings } from '../../settings/settings.js';
import { SignUpMails } from '../../sign-up-confirmation/sign-up-mails.js';
import { indexPage } from './index-page.js';

const reader = 'reader@example.com';
/** What a mailer does beside sending. */
const notUsed = { takePlace: () => anyPlace, hold: async () => undefined };

/**
 * `latchkey mail preview`: writes every mail in every language as the worker would send it with these settings, as HTML,
 * text and whole message, and a page that leads to each. Asks no store and sends nothing; the keys in the links are none.
 *
 * @param only a language (BCP 47) that there are texts in; all without it.
 * @returns how many mails were written.
 * @throws Error when there are no texts in the language, or the folder cannot be written.
 */
export async function previewMails(settings: Settings, folder: string, only?: string): Promise<number> {
  const templates = openMailTemplates(settings);
  const one = only === undefined ? undefined : templates.knownLocale(only);
  if (one === null) throw new Error(`no texts in ${only}; there are ${templates.languages.join(', ')}`);
  const languages = one ? [one] : templates.languages;
  const names = new Set<string>();
  for (const language of languages) {
    await mkdir(join(folder, language), { recursive: true });
    for (const [name, mail] of await mailsIn(language, settings)) {
      names.add(name);
      const file = join(folder, language, name);
      const { message } = await wrapMail(mail, settings.mail, anyPlace);
      await writeFile(`${file}.html`, withLogo(mail));
      await writeFile(`${file}.txt`, mail.text);
      await writeFile(`${file}.eml`, message);
    }
  }
  await writeFile(join(folder, 'index.html'), indexPage(settings.mail.productName, languages, [...names]));
  return languages.length * names.size;
}

/** The HTML with its logo in it, which in a mail goes beside it. */
function withLogo({ html, logo }: Mail): string {
  return logo ? html.replaceAll(`cid:${logoId}`, `data:image/png;base64,${logo.toString('base64')}`) : html;
}

/** What the worker would hand to a relay, by name. */
async function mailsIn(language: string, settings: Settings): Promise<ReadonlyMap<string, Mail>> {
  const sent: Mail[] = [];
  const send = async (mail: Mail) => {
    sent.push(mail);
    return undefined;
  };
  const templates = openMailTemplates(settings);
  const mails = new AccountMails(settings.mail.productName, templates, { send, ...notUsed });
  const { pageUrl, supportUrl = null, keyTtlSeconds: lifetimeSeconds } = settings.passwordReset;
  const [reset, signUp] = [
    new ResetMails(settings.passwordReset, mails),
    new SignUpMails(settings.passwordReset, mails),
  ];
  const account = { email: reader, locale: language };
  const email = parseEmailAddress(reader);
  if (!email) throw new Error('no address');
  const now = new Date();
  const expiresAt = new Date(now.getTime() + lifetimeSeconds * 1_000);
  const job: MailJob = { id: 'preview', attempt: 1, begun: 0, wasTried: false, signal: new AbortController().signal };
  const link = { lifetimeSeconds, expiresAt, locale: language, job };
  const asked = { ...link, askedAt: now, browser: 'firefox' };

  await reset.sendLink(account, mintResetKey(), { ...asked, nextMailAt: undefined });
  await reset.sendLink(account, mintResetKey(), { ...asked, nextMailAt: expiresAt });
  const resetPageUrl = mails.pageIn(pageUrl, language);
  const changed = { changedAt: mails.moment(now, language), supportUrl, resetPageUrl };
  await mails.send('password-changed', reader, language, job, changed);
  await reset.sendUnknown(email, language, job);
  await signUp.sendLink(email, mintResetKey(), link);
  await signUp.sendAlreadyRegistered(account, language, job);
  const names = [
    'reset-link',
    'reset-link-last',
    'password-changed',
    'unknown-address',
    'sign-up',
    'already-registered',
  ];
  return new Map(sent.map((mail, index) => [names[index] ?? String(index), mail]));
}
