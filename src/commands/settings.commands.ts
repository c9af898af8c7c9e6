import type { Command } from 'commander';
import { settingsMarkdown, settingsSeen } from '../settings/docs.js';
import { commands, type Environment } from '../settings/environment.js';

/** Defines `latchkey settings`. */
export function defineSettingsCommand(
  program: Command,
  environment: Environment,
  oneOff: (work: () => Promise<void>) => Promise<void>,
): void {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const check = async (command: true | string) => {
    const { checkSettings } = await import('./check-settings.js');
    const of = command === true ? (['api', 'worker'] as const) : commands.filter((each) => each === command);
    if (of.length === 0) throw new Error(`--check knows ${commands.join(', ')}`);
    if (!(await checkSettings(environment, of, print))) process.exitCode = 1;
  };
  program
    .command('settings')
    .description('show every setting with its default or its value; secrets are not shown')
    .option('--markdown', 'print the documented table')
    .option(
      '--check [command]',
      'print faults and warnings, for one command or for api and worker; exit code 1 on a fault',
    )
    .action(async (options: { markdown?: boolean; check?: true | string }) => {
      const { check: of } = options;
      if (of) await oneOff(() => check(of));
      else print(options.markdown ? settingsMarkdown() : settingsSeen(environment));
    });
}
