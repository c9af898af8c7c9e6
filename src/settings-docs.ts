import type { Environment } from './settings.js';
import { type SettingDefinition, settingsTable } from './settings-table.js';

const rows = () => Object.entries<SettingDefinition>(settingsTable);

/** The table in `docs/settings.md`. */
export function settingsMarkdown(): string {
  const lines = rows().map(([name, { byDefault, meaning }]) => `| \`${name}\` | ${byDefault} | ${meaning} |`);
  return ['| name | default | meaning |', '|---|---|---|', ...lines].join('\n');
}

/** `docs/settings.md`. */
export function settingsPage(): string {
  const intro = `# Settings

Settings are environment variables, read once at start; an empty value counts as unset. All faults are reported together,
each with its name, what it was (never the value of a secret) and what is allowed. \`latchkey settings\` shows what is set.
This table is made from \`src/settings-table.ts\` by \`npm run generate\`.
`;
  return `${intro}\n${settingsMarkdown()}\n`;
}

/** `.env.example`: every setting, commented out. */
export function settingsExample(): string {
  const lines = rows().map(
    ([name, { byDefault, meaning }]) =>
      `# ${meaning.replaceAll('`', '')}\n# Default: ${byDefault.replaceAll('`', '')}\n#${name}=\n`,
  );
  return ['# Made from src/settings-table.ts by `npm run generate`. An empty value counts as unset.\n', ...lines].join(
    '\n',
  );
}

/** What is set in an environment; never the value of a secret. */
export function settingsSeen(environment: Environment): string {
  const width = Math.max(...rows().map(([name]) => name.length));
  return rows()
    .map(([name, { byDefault, secret }]) => {
      const value = environment[name];
      const seen = !value ? `(default: ${byDefault.replaceAll('`', '')})` : secret ? '(set, not shown)' : value;
      return `${name.padEnd(width)}  ${seen}`;
    })
    .join('\n');
}
