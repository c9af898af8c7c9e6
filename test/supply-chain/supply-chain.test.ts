import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { billOfMaterials, differences } from './bill-of-materials.js';
import { reviewedScripts } from './install-scripts.js';
import { allowedInDevelopment, allowedInProduction, licenceOf, licencePage, refusal, shippedData } from './licences.js';
import { installedManifest, type LockedPackage, lockedPackages, manifest, productionPackages } from './lock-file.js';

const exact = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const shown = ({ path, version }: LockedPackage) => `${path} ${version}`;

describe('the lock file', () => {
  it('gives every package, of every platform, an exact version and its SHA-512', () => {
    expect(lockedPackages.length).toBeGreaterThan(300);
    // 64 bytes in base64.
    const whole = (text = '') => /^sha512-[A-Za-z\d+/]{86}==$/.test(text);
    expect(
      lockedPackages.filter(({ version, integrity }) => !exact.test(version) || !whole(integrity)).map(shown),
    ).toEqual([]);
  });

  it('takes nothing from Git, a file, a link or an address of its own', () => {
    expect(lockedPackages.filter(({ resolved, link }) => resolved !== undefined || link).map(shown)).toEqual([]);
    const asked = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    // Another name for a package of the registry is none of these; its version is exact, too.
    expect(asked.filter((version) => !exact.test(version.replace(/^npm:[a-z-]+@/, '')))).toEqual([]);
    const settings = readFileSync(join(packageFolder, '.npmrc'), 'utf8');
    expect(settings).toMatch(/^omit-lockfile-registry-resolved=true$/m);
    expect(settings).not.toMatch(/registry\s*=\s*\S*\/|\/\//);
  });

  it('overrides with exact versions, or the one of a direct dependency', () => {
    const values = (of: unknown): string[] =>
      typeof of === 'string' ? [of] : Object.values(of as Record<string, unknown>).flatMap(values);
    const wrong = values(manifest.overrides).filter(
      (value) => !(value.startsWith('$') ? value.slice(1) in manifest.dependencies : exact.test(value)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('install scripts', () => {
  const withScript = lockedPackages.filter(({ hasInstallScript }) => hasInstallScript);

  it('are only those of packages that were reviewed by name, in the version that was reviewed', () => {
    const reviewed = Object.entries(reviewedScripts).map(([name, { version }]) => `${name} ${version}`);
    expect(withScript.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(reviewed.sort());
  });

  it('are the commands that were reviewed', () => {
    const installed = lockedPackages.flatMap((each) => {
      const scripts = installedManifest(each)?.scripts as Record<string, string> | undefined;
      const steps = Object.entries(scripts ?? {}).filter(([step]) => /^(?:pre|post)?install$/.test(step));
      return steps.length > 0 ? [[each.name, Object.fromEntries(steps)] as const] : [];
    });
    expect(installed.length).toBeGreaterThan(3);
    for (const [name, scripts] of installed) expect(scripts, name).toEqual(reviewedScripts[name]?.scripts);
  });

  it('run where package.json allows them, and it allows none that is needless', () => {
    for (const [name, runs] of Object.entries(manifest.allowScripts)) {
      expect(reviewedScripts[name]?.verdict, name).toBe(runs ? 'needed' : 'needless');
    }
    const needless = Object.keys(reviewedScripts).filter((name) => reviewedScripts[name]?.verdict === 'needless');
    expect(needless.filter((name) => manifest.allowScripts[name] !== false)).toEqual([]);
  });

  it('are needed by nothing that production installs, and the image runs none', () => {
    const needed = productionPackages.filter(({ name }) => reviewedScripts[name]?.verdict === 'needed');
    expect(needed.map(shown)).toEqual([]);
    expect(readFileSync(join(packageFolder, 'Dockerfile'), 'utf8')).toContain('npm ci --omit=dev --ignore-scripts');
  });
});

describe('licences', () => {
  it.each([
    ['production', productionPackages, allowedInProduction],
    ['development', lockedPackages, allowedInDevelopment],
  ] as const)('of what %s installs are all allowed', (_where, packages, allowed) => {
    const wrong = packages.map((each) => [shown(each), refusal(licenceOf(each), allowed)] as const);
    expect(wrong.filter(([, why]) => why !== undefined)).toEqual([]);
  });

  it('are those that the installed packages name themselves', () => {
    const named = (license: unknown) => (license as { type?: string } | undefined)?.type ?? license;
    const installed = lockedPackages.flatMap((each) => {
      const found = installedManifest(each);
      return found ? [{ each, found }] : [];
    });
    expect(installed.length).toBeGreaterThan(300);
    const wrong = installed.filter(
      ({ each, found }) => found.version !== each.version || (found.license && named(found.license) !== each.license),
    );
    expect(wrong.map(({ each }) => shown(each))).toEqual([]);
  });

  it('that are refused are refused by name, in every spelling', () => {
    const why = (licence: string | undefined) => refusal(licence, allowedInDevelopment);
    for (const name of ['GPL-3.0', 'GPL-3.0-only', 'GPL-2.0-or-later', 'AGPL-3.0-only', 'SSPL-1.0', 'LGPL-3.0+']) {
      expect(why(name), name).toMatch(new RegExp(`^${name.replace('+', '\\+')}: (?!has not been read)`));
    }
    expect(why(undefined)).toBe('names no licence');
    expect(why('SEE LICENSE IN x')).toContain('has not been read');
    expect(why('(MIT AND GPL-3.0)')).toContain('GPL-3.0');
    expect(why('(MIT OR GPL-3.0)')).toBeUndefined();
    expect(refusal('MPL-2.0', allowedInProduction)).toContain('MPL-2.0');
  });

  it('stand in docs/security/licences.md, as `npm run licences` makes it now', () => {
    expect(readFileSync(join(packageFolder, 'docs/security/licences.md'), 'utf8')).toBe(licencePage());
    for (const name of Object.keys(shippedData)) expect(manifest.devDependencies).toHaveProperty([name]);
  });
});

describe('the bill of materials', () => {
  it('names every package that production installs, with version and SHA-512, and no other', async () => {
    const bill = await billOfMaterials();
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: expect.stringMatching(/^1\.\d$/) });
    expect(differences(bill)).toEqual([]);
    expect(bill.components.map(({ purl }) => purl).filter((purl) => !purl.startsWith('pkg:npm/'))).toEqual([]);

    const refs = new Set(bill.dependencies.map(({ ref }) => ref));
    expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((each) => !refs.has(each))).toEqual([]);

    const [first, ...others] = bill.components;
    expect(differences({ ...bill, components: others })).toHaveLength(1);
    expect(first && differences({ ...bill, components: [{ ...first, hashes: [] }, ...others] })).toHaveLength(2);
  }, 60_000);
});
