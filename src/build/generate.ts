import { writeFile } from 'node:fs/promises';
import { packageFolder } from '../package-files.js';
import { settingsExample, settingsPage } from '../settings/docs.js';
import { emittedSchema } from './emit-schema.js';

/** The first step of `npm run generate`: files made from code. The SDK is made from the schema afterwards. */
await writeFile(`${packageFolder}schema/schema.graphql`, emittedSchema());
await writeFile(`${packageFolder}docs/settings.md`, settingsPage());
await writeFile(`${packageFolder}.env.example`, settingsExample());
