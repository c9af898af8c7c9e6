import type { Command } from 'commander';
import { CatalogueFaults } from '../languages/check-catalogue.js';
import { readOwnTexts } from '../languages/own-texts.js';
import { templatesFolder } from '../package-files.js';

/** Defines `latchkey templates`. It needs no database, no secret and no other setting. */
export function defineTemplatesCommands(
  program: Command,
  environment: { readonly TEMPLATES_DIR?: string | undefined },
  oneOff: (work: () => Promise<void>) => Promise<void>,
): void {
  program
    .command('templates')
    .description('texts of your own (TEMPLATES_DIR): check')
    .command('check')
    .description('tell file and key of every text that is wrong; exit code 1 if there is one')
    .argument('[folder]', 'holds locales/<language>.json', environment.TEMPLATES_DIR)
    .action((folder?: string) =>
      oneOff(async () => {
        if (!folder) throw new Error('name a folder, or set TEMPLATES_DIR');
        if (!checkTexts(folder, (line) => process.stdout.write(`${line}\n`))) process.exitCode = 1;
      }),
    );
}

/** Prints each language that is right, or each fault. @returns whether there was none */
export function checkTexts(folder: string, print: (line: string) => void): boolean {
  try {
    const { catalogues } = readOwnTexts(folder, templatesFolder);
    for (const [language, { name }] of catalogues) print(`${language}  ${name}: no fault`);
    return true;
  } catch (error) {
    if (!(error instanceof CatalogueFaults)) throw error;
    for (const fault of error.faults) print(`fault  ${fault}`);
    return false;
  }
}
