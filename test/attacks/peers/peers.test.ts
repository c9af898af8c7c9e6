import { existsSync, readFileSync } from 'node:fs';
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

function read(folder: string, file: string): string {
  return readFileSync(join(packageFolder, 'test/attacks/peers', folder, file), 'utf8');
}

describe.each(folders)('the package of %s', (folder) => {
  const lock = JSON.parse(read(folder, 'package-lock.json')) as {
    packages: Record<string, { version?: string; integrity?: string; resolved?: string; link?: boolean }>;
  };
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

  it('asks for exact versions, which its lock file has', () => {
    const asked = Object.entries(versionsOf(folder));
    expect(asked.length).toBeGreaterThan(1);
    for (const [name, version] of asked) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });

  it('is locked with the SHA-512 of everything, and without a host', () => {
    expect(packages.length).toBeGreaterThan(50);
    const unclean = packages.filter(
      ([, { integrity = '', resolved, link }]) => !/^sha512-[A-Za-z\d+/]{86}==$/.test(integrity) || resolved || link,
    );
    expect(unclean.map(([path]) => path)).toEqual([]);
    expect(read(folder, 'package-lock.json')).not.toMatch(/"resolved"|registry/);
  });

  it('installs without scripts, and names no registry', () => {
    const settings = read(folder, '.npmrc').trim().split('\n');
    expect(settings.sort()).toEqual(['ignore-scripts=true', 'omit-lockfile-registry-resolved=true', 'save-exact=true']);
    expect(existsSync(join(packageFolder, 'test/attacks/peers', folder, 'server.mjs'))).toBe(true);
  });

  it('stays out of ours', () => {
    const own = JSON.parse(readFileSync(join(packageFolder, 'package-lock.json'), 'utf8')) as typeof lock;
    expect(own.packages[`node_modules/${Object.keys(versionsOf(folder))[0]}`]).toBeUndefined();
  });
});

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
