import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { compiledFolder, compiledNames, mailNames, sourcesOf, stampOf } from '../brand/own-templates.js';
import { referenceLanguage } from '../languages/check-catalogue.js';
import { ownPlaceholderFaults } from '../mail/placeholders.js';
import { packageFolder, templatesFolder } from '../package-files.js';
import { compileMailTemplates } from './compile-templates.js';

/**
 * Compiles an operator's `mail/*.mjml`, laid over ours, to `compiled/<name>.html` in the same folder. Writes all of them or
 * none.
 *
 * @returns the names of the mails that were compiled.
 * @throws Error naming file and line of every fault
 */
export async function compileOwnTemplates(folder: string): Promise<readonly string[]> {
  const names = compiledNames(folder, mailNames(templatesFolder));
  const faults: string[] = [];
  const made = new Map<string, string>();
  const stamp = stampOf(folder);
  const scratch = await mkdtemp(join(tmpdir(), 'latchkey-templates-'));
  try {
    for (const name of names) {
      const [from, to] = [join(scratch, name), join(scratch, `${name}-compiled`)];
      await layOver(folder, from, name);
      try {
        await compileMailTemplates(from, to);
        made.set(name, `${stamp}\n${await readFile(join(to, 'mail', `${name}.html`), 'utf8')}`);
      } catch (error) {
        faults.push(...faultsOf(error, join(folder, 'mail'), name));
      }
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const isOfAMail = (file: string) =>
    mailNames(templatesFolder).some((name) => new RegExp(`^${name}\\.\\w+$`).test(file));
  for (const file of sourcesOf(folder).filter(isOfAMail)) {
    const path = join(folder, 'mail', file);
    faults.push(...ownPlaceholderFaults(path, file, await readFile(path, 'utf8')));
  }
  if (faults.length > 0) throw new Error([...new Set(faults)].join('\n'));
  await rm(join(folder, compiledFolder), { recursive: true, force: true });
  await mkdir(join(folder, compiledFolder));
  for (const [name, html] of made) await writeFile(join(folder, compiledFolder, `${name}.html`), html);
  return names;
}

/** Makes a folder of templates with one mail in it, and all parts that it may include: theirs before ours. */
async function layOver(folder: string, to: string, name: string): Promise<void> {
  const ours = `${packageFolder}templates`;
  await mkdir(join(to, 'mail'), { recursive: true });
  await mkdir(join(to, 'locales'));
  await cp(join(ours, 'locales', `${referenceLanguage}.json`), join(to, 'locales', `${referenceLanguage}.json`));
  const isNeeded = (file: string) => file === `${name}.mjml` || /^_.*\.mjml$/.test(file);
  for (const file of (await readdir(join(ours, 'mail'))).filter(isNeeded)) {
    await cp(join(ours, 'mail', file), join(to, 'mail', file));
  }
  for (const file of sourcesOf(folder).filter(isNeeded)) await cp(join(folder, 'mail', file), join(to, 'mail', file));
}

/** MJML names the folder of a template instead of its file, and the file of what it includes. */
function faultsOf(error: unknown, mail: string, name: string): string[] {
  const { errors, message } = error as Error & {
    errors?: readonly { readonly line: number; readonly message: string; readonly formattedMessage: string }[];
  };
  const own = join(mail, `${name}.mjml`);
  if (!errors?.length) return [`${own}: ${message}`];
  return errors.map((each) => {
    const file = / of (\S+\.mjml) /.exec(each.formattedMessage)?.[1];
    return `${file ? join(mail, basename(file)) : own}:${each.line}: ${each.message}`;
  });
}

const [folder] = process.argv.slice(2);
if (folder !== undefined) {
  try {
    const names = await compileOwnTemplates(folder);
    process.stdout.write(`compiled ${names.length} mails: ${names.join(', ') || 'no template of yours is MJML'}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
