import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFolder } from '../../../src/package-files.js';

const tables =
  'account|reset_receipt|audit_event|audit_refusal|data_key|password_form|instance|former_home|latchkey_migration';
const functions = 'count_refusals|erase_old_refusals|erase_old_audit_events';
/** A table after a word of SQL, or a call of a function, without a schema before it; no line of a comment. */
const bare = new RegExp(
  `^(?!\\s*(?:\\*|//|/\\*)).*(?:\\b(?:from|join|into|update|only|truncate|table)\\s+(?:${tables})\\b|select\\s+(?:${functions})\\()`,
  'gm',
);

it('no statement names a table of ours without its schema', () => {
  const found = globSync('src/**/*.ts', { cwd: packageFolder }).flatMap((file) => {
    const text = readFileSync(join(packageFolder, file), 'utf8');
    return [...text.matchAll(bare)].map(([line]) => `${file}: ${line.trim()}`);
  });
  expect(found).toEqual([]);
});

it('such a statement would be found', () => {
  for (const line of [
    "execute('select sealed from data_key')",
    '  insert into password_form (domain, form, dealt)',
    '      update account set status = ?',
    "'select count_refusals(?::jsonb)'",
  ]) {
    expect(line.match(bare), line).not.toBeNull();
  }
});
