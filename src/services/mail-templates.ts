import { Catalogues } from '../languages/catalogues.js';
import { MailTemplates } from '../mail/mail-template.js';
import { templatesFolder } from '../package-files.js';
import type { Settings } from '../settings/settings.js';

/** The mails, in the languages that there are texts in: ours, and an operator's. */
export function createMailTemplates({ languages }: Settings): MailTemplates {
  return new MailTemplates(templatesFolder, new Catalogues(templatesFolder, languages.byDefault, languages.own));
}
