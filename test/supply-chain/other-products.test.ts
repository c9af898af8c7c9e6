import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { allowedInDevelopment, licenceOf, refusal } from './licences.js';
import { lockedPackages } from './lock-file.js';

/**
 * Other products that tests and the benchmark run, and examples, each in a package of its own: the package that is the
 * product, or that an example cannot do without, and how many it brings.
 */
const products: Readonly<Record<string, readonly [product: string, atLeast: number]>> = {
  'bench/peers': ['better-auth', 40],
  'examples/adopt': ['express-session', 80],
  'test/adoption/better-auth': ['better-auth', 40],
  'test/adoption/knex': ['knex', 80],
  'test/adoption/loopback': ['@loopback/core', 200],
  'test/attacks/peers/better-auth': ['better-auth', 50],
  'test/attacks/peers/vendure': ['@vendure/core', 500],
  'test/browser/axe': ['axe-core', 0],
  'test/browser/lighthouse': ['lighthouse', 80],
  'test/events/strangers': ['standardwebhooks', 5],
  'test/mail/judges': ['html-validate', 50],
};

/** Licences of what is run as a process of its own, and of which nothing is delivered, beyond those of our tools. */
const allowedToRun: Readonly<Record<string, string>> = {
  ...allowedInDevelopment,
  'Artistic-2.0': 'changed copies are named so; we change none',
  Unlicense: 'given to the public domain',
  'GPL-3.0-or-later': 'whoever gets a copy gets its source; we hand out none, and link nothing of ours with it',
};

/** Packages whose lock entry names no licence, because their manifest has an old list of them. */
const namedElsewhere: Readonly<Record<string, string>> = { busboy: 'MIT', cldrjs: 'MIT', streamsearch: 'MIT' };

const read = (folder: string, file: string) => readFileSync(join(packageFolder, folder, file), 'utf8');

it('are all named here', () => {
  const exclude = (path: string) => /(?:^|\/)node_modules$/.test(path);
  const found = globSync(['bench/**/package.json', 'examples/**/package.json', 'test/**/package.json'], {
    cwd: packageFolder,
    exclude,
  }).map(dirname);
  expect(found.sort()).toEqual(Object.keys(products));
});

describe.each(Object.entries(products))('the package in %s', (folder, [product, atLeast]) => {
  const lock = JSON.parse(read(folder, 'package-lock.json')) as {
    packages: Record<
      string,
      { version?: string; integrity?: string; resolved?: string; link?: boolean; license?: string }
    >;
  };
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
  const asked = (JSON.parse(read(folder, 'package.json')) as { dependencies: Record<string, string> }).dependencies;

  it('asks for exact versions, which its lock file has', () => {
    expect(asked).toHaveProperty([product]);
    for (const [name, version] of Object.entries(asked)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });

  it('is locked with the SHA-512 of everything, and without a host', () => {
    expect(packages.length).toBeGreaterThan(atLeast);
    const unclean = packages.filter(
      ([, { integrity = '', resolved, link }]) => !/^sha512-[A-Za-z\d+/]{86}==$/.test(integrity) || resolved || link,
    );
    expect(unclean.map(([path]) => path)).toEqual([]);
    expect(read(folder, 'package-lock.json')).not.toMatch(/"resolved"|registry/);
  });

  it('installs without scripts, and names no registry', () => {
    const settings = read(folder, '.npmrc').trim().split('\n');
    expect(settings.sort()).toEqual(['ignore-scripts=true', 'omit-lockfile-registry-resolved=true', 'save-exact=true']);
    const programs = ['server.mjs', 'program.mjs'].filter((file) => existsSync(join(packageFolder, folder, file)));
    expect(programs).toHaveLength(1);
  });

  it('has licences that let anybody run it', () => {
    const wrong = packages.map(([path, entry]) => {
      const name = path.split('node_modules/').at(-1) ?? '';
      const license = entry.license ?? namedElsewhere[name] ?? '';
      return [path, refusal(licenceOf({ name, license }), allowedToRun)] as const;
    });
    expect(wrong.filter(([, why]) => why !== undefined)).toEqual([]);
  });

  it('stays out of ours', () => {
    expect(lockedPackages.filter(({ name }) => name === product)).toEqual([]);
  });
});
