import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventKinds, refusalKinds } from '../../src/audit/kinds.js';
import { attemptEnds, jobOutcomes } from '../../src/jobs/outcomes.js';
import { packageFolder } from '../../src/package-files.js';

const operate = () => readFile(join(packageFolder, 'docs/operate.md'), 'utf8');

/** Kinds that are said in one sentence share a row. */
function rows(kinds: Readonly<Record<string, string>>): string[] {
  const names = Map.groupBy(Object.entries(kinds), ([, sentence]) => sentence);
  return [...names].map(([sentence, of]) => `| ${of.map(([kind]) => `\`${kind}\``).join(', ')} | ${sentence} |`);
}

/** The rows of the table that begins with this head. */
async function documented(head: string): Promise<string[]> {
  const [, after = ''] = (await operate()).split(`${head}\n|---|---|\n`);
  const [table = ''] = after.split('\n\n');
  return table.split('\n').map((line) => line.replace(/\| +\|$/, '|  |'));
}

it.each([
  ['events', '| kinds | written |', eventKinds],
  ['refusals', '| kinds | `detail` |', refusalKinds],
] as const)('docs/operate.md lists the kinds of %s as the code has them', async (_what, head, kinds) => {
  expect(await documented(head)).toEqual(rows(kinds));
});

it('docs/operate.md lists every outcome of a job, and no other', async () => {
  const [row = ''] = (await operate()).split('\n').filter((line) => line.startsWith('| `latchkey_jobs_total`'));
  const told = [...(row.split(' | ')[2] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);
  expect(told.sort()).toEqual([...Object.keys(jobOutcomes), ...Object.keys(attemptEnds)].sort());
});
