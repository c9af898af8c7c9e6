import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from '../../src/package-files.js';
import { faultsOf, pagePath, requirementsPage } from './page.js';
import { sources } from './sources.js';
import { allTags } from './tags.js';

/** `npm run standards` writes docs/security/requirements.md, and names what has no verdict or two. */
const tags = await allTags();
const faults = faultsOf(sources, tags);
for (const fault of faults) console.error(fault);
await writeFile(join(packageFolder, pagePath), requirementsPage(sources, tags));
process.exitCode = faults.length === 0 ? 0 : 1;
