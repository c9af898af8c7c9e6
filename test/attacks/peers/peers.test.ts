import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFolder } from '../../../src/package-files.js';
import { themes } from './attacks/all.js';
import { contestants } from './contestants.js';
import { escaped, inMarkdown, versionsOf } from './document.js';
import type { Cell } from './peer.js';

const folders = [...new Set(contestants.flatMap(({ folder }) => folder ?? []))];
const attacks = Object.values(themes).flat();
const page = readFileSync(join(packageFolder, 'docs/security/peers.md'), 'utf8');

describe('docs/security/peers.md', () => {
  it('is of the versions that are locked', () => {
    for (const folder of folders) {
      for (const [name, version] of Object.entries(versionsOf(folder))) expect(page).toContain(`${name} ${version}`);
    }
  });

  it('has a row for every attack and a column for every contestant, none of them unfinished or missing', () => {
    const names = contestants.map(({ name }) => name);
    expect(page).toContain(`| attack | wanted | ${names.join(' | ')} |`);
    for (const { title, wanted } of attacks) {
      const row = page.split('\n').find((line) => line.startsWith(`| ${escaped(title)} | ${escaped(wanted)} |`));
      expect(row, title).toBeDefined();
      expect(row?.split(/(?<!\\)\|/).length, title).toBe(names.length + 4);
    }
    expect(page).not.toMatch(/not tried|\*\*unfinished\*\*/);
  });

  it('shows what a product answered as text, not as marks', () => {
    const [first] = attacks;
    const cells: Record<string, Cell> = { [first?.title ?? '']: { kind: 'does not hold', seen: '<b>|[a](b)|\n*`' } };
    const column = { name: 'x', at: '2026-01-02T03:04:05Z', node: '24.0.0', cells, startMs: 1, ms: 1 };
    expect(inMarkdown([column])).toContain('| **does not hold**; \\<b\\>\\|\\[a\\](b)\\|\\\\n\\*\\` |');
  });
});

describe('the attacks', () => {
  it('have titles of their own, and say what is wanted', () => {
    expect(new Set(attacks.map(({ title }) => title)).size).toBe(attacks.length);
    expect(attacks.filter(({ wanted }) => wanted === '')).toEqual([]);
  });
});
