import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { readShape } from '../../src/settings/accounts/read-shape.js';
import { originals } from './originals.js';

const page = readFileSync(join(packageFolder, 'docs/adopt.md'), 'utf8');
const read = (text: string) => readShape(JSON.parse(text));

const [, after = ''] = page.split('\n## By framework\n');
const [section = ''] = after.split('\n## ');
/** The file of each framework, by the heading above it. */
const files = [...section.matchAll(/^### (.+)\n\n^```json\n([\s\S]*?)^```$/gm)].map(([, name = '', json = '']) => ({
  name,
  shape: read(json),
}));

it.each(originals.map((original) => [original.name, original] as const))(
  'docs/adopt.md has for %s what its test uses, but for a pepper, which most have not',
  (name, { accounts: { write, ...accounts } }) => {
    const file = files.find((each) => name.startsWith(each.name.split(',')[0] ?? each.name));
    const { pepper: _, ...form } = { pepper: undefined, ...write };
    const withoutBreaks = JSON.stringify({ ...accounts, write: form }, (_key, value) => {
      return typeof value === 'string' ? value.replaceAll(/\s+/g, ' ') : value;
    });
    expect(file?.shape).toEqual(read(withoutBreaks));
  },
);

it('and has no framework that no test uses', () => {
  expect(files.map(({ name }) => name)).toHaveLength(originals.length);
});

it('every JSON of the page is a file that a process takes', () => {
  const blocks = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, json = '']) => read(json));
  expect(blocks.length).toBeGreaterThan(originals.length);
  expect(blocks.filter(({ kind }) => kind !== 'Read')).toEqual([]);
  const example = readFileSync(join(packageFolder, 'examples/adopt/accounts.json'), 'utf8');
  expect(read(example).kind).toBe('Read');
});
