import { writeFile } from 'node:fs/promises';
import { packageFolder } from '../package-files.js';
import { settingsExample, settingsPage } from '../settings/docs.js';
import { emittedSchema } from './emit-schema.js';

/** The first step of `npm run generate`: what is made from code. The SDK is made from the schema after it. */
await writeFile(`${packageFolder}schema/schema.graphql`, emittedSchema());
await writeFile(`${packageFolder}docs/settings.md`, settingsPage());
await writeFile(`${packageFolder}.env.example`, settingsExample());
