import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFolder, packageFolder } from '../../src/package-files.js';
import { billOfMaterials, differences } from './bill-of-materials.js';
import { licencePage } from './licences.js';

/** `npm run licences` writes docs/security/licences.md; `npm run sbom` writes dist/sbom.cdx.json, and checks it. */
const [what] = process.argv.slice(2);
if (what === 'licences') {
  await writeFile(join(packageFolder, 'docs/security/licences.md'), licencePage());
} else {
  const bill = await billOfMaterials();
  const wrong = differences(bill);
  for (const each of wrong) console.error(each);
  await writeFile(join(buildFolder, 'sbom.cdx.json'), JSON.stringify(bill, null, 2));
  console.log(`dist/sbom.cdx.json: CycloneDX ${bill.specVersion}, ${bill.components.length} packages`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
