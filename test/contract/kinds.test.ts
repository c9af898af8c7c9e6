import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventKinds, refusalKinds } from '../../src/audit/kinds.js';
import { attemptEnds, jobOutcomes } from '../../src/jobs/outcomes.js';
import { alarms, callerLimitNames, otherLimitNames, unreadableKinds } from '../../src/observability/metrics.js';
import { packageFolder } from '../../src/package-files.js';

const operate = () => readFile(join(packageFolder, 'docs/operate.md'), 'utf8');

/** The expected rows of a table. Kinds with the same sentence share a row. */
function rows(kinds: Readonly<Record<string, string>>): string[] {
  const names = Map.groupBy(Object.entries(kinds), ([, sentence]) => sentence);
  return [...names].map(([sentence, of]) => `| ${of.map(([kind]) => `\`${kind}\``).join(', ')} | ${sentence} |`);
}

/** The rows of the table with this head in docs/operate.md. */
async function documented(head: string): Promise<string[]> {
  const [, after = ''] = (await operate()).split(`${head}\n|---|---|\n`);
  const [table = ''] = after.split('\n\n');
  return table.split('\n').map((line) => line.replace(/\| +\|$/, '|  |'));
}

// Shows: ARTHA 9.1.1.3.5
it.each([
  ['events', '| kinds | written |', eventKinds],
  ['refusals', '| kinds | `detail` |', refusalKinds],
] as const)('docs/operate.md lists the kinds of %s as the code has them', async (_what, head, kinds) => {
  expect(await documented(head)).toEqual(rows(kinds));
});

/** The values of a metric's label that docs/operate.md names. */
async function labels(metric: string): Promise<(string | undefined)[]> {
  const [row = ''] = (await operate()).split('\n').filter((line) => line.startsWith(`| \`${metric}\``));
  return [...(row.split(' | ')[2] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, name]) => name).sort();
}

const limits = [...callerLimitNames.flatMap((name) => [`${name}-client`, `${name}-network`]), ...otherLimitNames];
it.each([
  ['every outcome of a job', 'latchkey_jobs_total', [...Object.keys(jobOutcomes), ...Object.keys(attemptEnds)]],
  ['every alarm', 'latchkey_alarms_total', alarms],
  ['every limit', 'latchkey_limits_hit_total', limits],
  ['every kind of an unreadable hash', 'latchkey_unreadable_hashes_total', unreadableKinds],
] as const)('docs/operate.md lists %s, and no other', async (_what, metric, names) => {
  expect(await labels(metric)).toEqual([...names].sort());
});
