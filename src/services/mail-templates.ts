import { Catalogues } from '../languages/catalogues.js';
import { lookOf } from '../mail/look.js';
import { MailTemplates } from '../mail/mail-template.js';
import { templatesFolder } from '../package-files.js';
import type { Settings } from '../settings/settings.js';

/** The mails in an operator's look, in the languages that there are texts in: ours, and an operator's. */
export function createMailTemplates({ brand, languages }: Settings): MailTemplates {
  const catalogues = new Catalogues(templatesFolder, languages.byDefault, languages.own);
  return new MailTemplates(templatesFolder, catalogues, lookOf(brand));
}
