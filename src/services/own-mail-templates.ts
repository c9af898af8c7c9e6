import type { MailTemplates } from '../mail/mail-template.js';
import { ownTemplateFaults } from '../mail/placeholders.js';
import { type Settings, SettingsError } from '../settings/settings.js';
import { createMailTemplates } from './mail-templates.js';

/**
 * The mails, with an operator's templates laid over ours.
 *
 * @throws SettingsError naming file and line where one names a value that its mail does not have: it could not be sent.
 */
export function openMailTemplates(settings: Settings): MailTemplates {
  const templates = createMailTemplates(settings);
  const { templates: own = new Map(), folder } = settings.languages;
  const faults = ownTemplateFaults(folder, own);
  if (faults.length > 0) throw new SettingsError([{ name: 'TEMPLATES_DIR', fault: faults.join('\n') }]);
  return templates.layOver(own);
}
