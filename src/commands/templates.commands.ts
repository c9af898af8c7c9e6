import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { CatalogueFaults } from '../languages/check-catalogue.js';
import { packageFolder } from '../package-files.js';
import { readOwnFiles } from '../settings/languages.js';

/** Defines `latchkey templates`. It needs no database, no secret and no other setting. */
export function defineTemplatesCommands(
  program: Command,
  environment: { readonly TEMPLATES_DIR?: string | undefined },
  oneOff: (work: () => Promise<void>) => Promise<void>,
): void {
  const templates = program
    .command('templates')
    .description('texts and mails of your own (TEMPLATES_DIR): check, build');
  const named = (folder: string | undefined): string => {
    if (!folder) throw new Error('name a folder, or set TEMPLATES_DIR');
    return folder;
  };
  templates
    .command('check')
    .description(
      'tell file and key of every text, file and line of every mail that is wrong; exit code 1 if there is one',
    )
    .argument('[folder]', 'holds locales/<language>.json, mail/<name>.mjml or .txt', environment.TEMPLATES_DIR)
    .action((folder?: string) =>
      oneOff(async () => {
        if (!(await checkTexts(named(folder), (line) => process.stdout.write(`${line}\n`)))) process.exitCode = 1;
      }),
    );
  templates
    .command('build')
    .description('compile mail/*.mjml to compiled/*.html, where the development dependencies are installed')
    .argument('[folder]', 'holds mail/<name>.mjml', environment.TEMPLATES_DIR)
    .action((folder?: string) =>
      oneOff(async () => {
        if (!(await buildTemplates(named(folder)))) process.exitCode = 1;
      }),
    );
}

/** Prints each language and mail that is right, or each fault. @returns whether there was none */
export async function checkTexts(folder: string, print: (line: string) => void): Promise<boolean> {
  try {
    const { catalogues, templates } = readOwnFiles(folder);
    // Loaded here: other commands need no template engine.
    const { ownTemplateFaults } = await import('../mail/placeholders.js');
    const faults = ownTemplateFaults(folder, templates);
    if (faults.length > 0) throw new CatalogueFaults(faults);
    for (const [language, { name }] of catalogues) print(`${language}  ${name}: no fault`);
    for (const file of templates.keys()) print(`${file}: no fault`);
    return true;
  } catch (error) {
    if (!(error instanceof CatalogueFaults)) throw error;
    for (const fault of error.faults) print(`fault  ${fault}`);
    return false;
  }
}

/** In a process of its own: MJML is a development dependency, which no other command can load. @returns whether all compiled */
async function buildTemplates(folder: string): Promise<boolean> {
  const isInstalled = ['node_modules/mjml', 'templates/mail'].every((path) => existsSync(`${packageFolder}${path}`));
  if (!isInstalled) {
    throw new Error(
      'MJML is not installed here: build in a checkout after `npm ci`, and deploy the folder with compiled/ in it',
    );
  }
  const program = `${packageFolder}dist/src/build/compile-own-templates.js`;
  const [code] = await once(spawn(process.execPath, [program, folder], { stdio: 'inherit' }), 'exit');
  return code === 0;
}
