import { wordsOf } from './defaults.js';
import type { Environment } from './environment.js';
import { fileOf } from './secrets/files.js';
import { secretNames, settingRows } from './table.js';

const rows = () => settingRows;

/** The table in `docs/settings.md`. */
export function settingsMarkdown(): string {
  const lines = rows().map(([name, { byDefault, meaning }]) => `| \`${name}\` | ${wordsOf(byDefault)} | ${meaning} |`);
  return ['| name | default | meaning |', '|---|---|---|', ...lines].join('\n');
}

/** `docs/settings.md`. */
export function settingsPage(): string {
  const intro = `# Settings

This page is made from \`src/settings/table.ts\` by \`npm run generate\`.

Settings are environment variables, read once at start; an empty value counts as unset. All faults are reported together,
each with its name, what it was (never the value of a secret) and what is allowed. \`latchkey settings\` shows what is set,
\`latchkey settings --check\` every fault and every warning.

A secret may stand in a file instead: \`SECRET_FILE=/run/secrets/latchkey\` for \`SECRET\`, and so for each of ${secretNames.map((name) => `\`${name}\``).join(', ')}.
Both together are refused; a line end at the end of the file is left out.

A name that begins with \`LIMIT_\`, \`RESET_\`, \`ARGON2_\`, \`HASH_\`, \`PASSWORD_M\` or \`ACCESS_TOKEN_\` and is no setting is refused
with the nearest name, because a misspelt limit is a limit that is not there; \`SETTINGS_IGNORE\` excepts names. Other names
two edits or fewer from one of ours are a warning. What platforms put into the environment (\`*_SERVICE_HOST\`, \`*_PORT_*_TCP\`,
\`*_TLS_URL\`) is left alone.

PostgreSQL's own variables (\`PGHOST\`, \`PGPASSWORD\`, \`PGSSLMODE\` …) are not read: \`DATABASE_URL\` says everything.

`;
  return `${intro}\n${settingsMarkdown()}\n`;
}

/** `.env.example`: every setting, commented out. */
export function settingsExample(): string {
  const lines = rows().map(
    ([name, { byDefault, meaning }]) =>
      `# ${meaning.replaceAll('`', '')}\n# Default: ${wordsOf(byDefault).replaceAll('`', '')}\n#${name}=\n`,
  );
  return ['# Made from src/settings/table.ts by `npm run generate`. An empty value counts as unset.\n', ...lines].join(
    '\n',
  );
}

/** For `latchkey settings`: every setting with its value or default; never the value of a secret. */
export function settingsSeen(environment: Environment): string {
  const width = Math.max(...rows().map(([name]) => name.length));
  return rows()
    .map(([name, { byDefault, secret }]) => {
      const value = environment[name];
      const isInFile = secret && !value && environment[fileOf(name)];
      const unset = isInFile ? '(in a file, not shown)' : `(default: ${wordsOf(byDefault).replaceAll('`', '')})`;
      const seen = !value ? unset : secret ? '(set, not shown)' : value;
      return `${name.padEnd(width)}  ${seen}`;
    })
    .join('\n');
}
