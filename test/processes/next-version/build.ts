import { buildPatched, type Replacement } from '../patched-build.js';

/** Inserts a text after a place. */
const after = (file: string, anchor: RegExp, added: string): Replacement => [file, anchor, (found) => found + added];

const patch = [
  after('migrations/index.ts', /^import [^\n]*\n/, `import { LastReset } from './20990101-last-reset.js';\n`),
  after('migrations/index.ts', /export const migrations = \[[^\]]*?(?=,?\s*\])/, ', LastReset'),
  after(
    'src/accounts/account.entity.ts',
    /createdAt: p\.datetime\(\)[^\n]*\n/,
    `    lastResetAt: p.datetime().columnType('timestamptz').nullable(),\n`,
  ),
  after(
    'src/accounts/source/own-shape.ts',
    /column: 'credentials_changed_at', value: 'now\(\)' \},\n/,
    `    { column: 'last_reset_at', value: 'now()' },\n`,
  ),
];

/**
 * Makes a next version of the program: this tree, patched and built, with a migration and code that writes its column.
 *
 * @returns its folder, to be removed by the caller, and its program.
 */
export function buildNextVersion(): Promise<{ folder: string; program: string }> {
  const migration = '20990101-last-reset.ts';
  return buildPatched('next', patch, { [`test/processes/next-version/${migration}`]: `migrations/${migration}` });
}
