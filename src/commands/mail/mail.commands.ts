import type { Command } from 'commander';
import type { Environment } from '../../settings/environment.js';
import { readSettings } from '../../settings/settings.js';

/** Defines `latchkey mail`. It needs no store and no secret. */
export function defineMailCommands(
  program: Command,
  environment: Environment,
  oneOff: (work: () => Promise<void>) => Promise<void>,
): void {
  program
    .command('mail')
    .description('what people get by mail: preview')
    .command('preview')
    .description('write every mail in every language, with the name and look of the settings, and send none')
    .option('--out <folder>', 'where to write; index.html leads to each', 'mail-preview')
    .option('--language <tag>', 'one language only (BCP 47)')
    .action(({ out, language }: { out: string; language?: string }) =>
      oneOff(async () => {
        // No setting is required, so that a preview works before there is a server.
        const settings = readSettings(environment, 'account', ['DATABASE_URL']);
        const { previewMails } = await import('./preview.js');
        const count = await previewMails(settings, out, language);
        process.stdout.write(`${count} mails in ${out}: open ${out}/index.html\n`);
      }),
    );
}
