import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../src/package-files.js';

/** What `package-lock.json` (version 3) says of one package, as far as the tests here need it. */
export interface LockedPackage {
  /** The folder that it is installed in, from the root: `node_modules/fastify`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  /** Only development needs it: `npm ci --omit=dev` leaves it out. */
  readonly dev?: boolean;
}

/** The fields of a `package.json` that are compared with the lock file. */
export interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly overrides: Record<string, unknown>;
  readonly allowScripts: Record<string, boolean>;
}

export const manifest = readJson('package.json') as Manifest;

/** Every package of the lock file, the root's own entry apart. */
export const lockedPackages: readonly LockedPackage[] = Object.entries(
  (readJson('package-lock.json') as { packages: Record<string, Omit<LockedPackage, 'path' | 'name'>> }).packages,
)
  .filter(([path]) => path !== '')
  .map(([path, entry]) => ({ name: path.split('node_modules/').at(-1) ?? '', ...entry, path }));

/** What `npm ci --omit=dev` installs. */
export const productionPackages = lockedPackages.filter(({ dev }) => !dev);

/** The `package.json` of an installed package; undefined where this platform does without the package. */
export function installedManifest({ path }: LockedPackage): Record<string, unknown> | undefined {
  try {
    return readJson(`${path}/package.json`) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether an installed package has the text of its licence in its folder. */
export function bringsLicence({ path }: LockedPackage): boolean {
  return readdirSync(join(packageFolder, path)).some((file) => /^(?:licen[cs]e|copying)/i.test(file));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(packageFolder, path), 'utf8'));
}
