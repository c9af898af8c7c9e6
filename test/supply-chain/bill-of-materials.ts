import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { packageFolder } from '../../src/package-files.js';
import { productionPackages } from './lock-file.js';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

/** The part of a CycloneDX document that is checked or changed. */
export interface BillOfMaterials {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * What `npm sbom` makes of the lock file (CycloneDX, JSON), without what only development needs. It reads the lock file
 * alone, so that the registry of this machine gets into no document.
 */
export async function billOfMaterials(): Promise<BillOfMaterials> {
  const options = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  // npm asks for its newest version only to tell of it.
  const env = { ...process.env, npm_config_update_notifier: 'false' };
  const { stdout } = await promisify(execFile)('npm', options, { cwd: packageFolder, env, maxBuffer: 2 ** 26 });
  return withoutDevelopment(JSON.parse(stdout) as BillOfMaterials);
}

/** In place of `--omit dev`, by which npm 11.19 leaves out all that a development package needs, `graphql` for instance. */
function withoutDevelopment(bill: BillOfMaterials): BillOfMaterials {
  const kept = new Set(productionPackages.map(({ name, version }) => `${name}@${version}`));
  const components = bill.components.filter(({ name, version }) => kept.has(`${name}@${version}`));
  const left = new Set(bill.components.filter((each) => !components.includes(each)).map((each) => each['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => !left.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => !left.has(each)) }));
  return { ...bill, components, dependencies };
}

/** What a bill lacks or has too much, compared with the lock file: names, versions and SHA-512 of each package. */
export function differences(bill: BillOfMaterials): string[] {
  const named = bill.components.map(({ name, version, hashes = [] }) =>
    described(name, version, hashes.find(({ alg }) => alg === 'SHA-512')?.content ?? 'no hash'),
  );
  const locked = productionPackages.map(({ name, version, integrity = '' }) =>
    described(name, version, Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')),
  );
  const missing = locked.filter((each) => !named.includes(each)).map((each) => `missing: ${each}`);
  return [...missing, ...named.filter((each) => !locked.includes(each)).map((each) => `too much: ${each}`)];
}

const described = (name: string, version: string, sha512: string) => `${name} ${version} ${sha512}`;
