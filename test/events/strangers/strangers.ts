import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** `standardwebhooks` 1.1.1, as a receiver uses it. */
interface StandardWebhooks {
  readonly Webhook: new (
    secret: string,
    options?: { format: 'raw' },
  ) => { verify(body: string, headers: object): unknown };
}
interface Ajv {
  readonly default: new () => { compile(schema: object): (value: unknown) => boolean };
}

/** Whether this folder's own packages are installed: `npm ci` here, which `.ci/run` does. */
export const areStrangersHere = existsSync(fileURLToPath(new URL('./node_modules/standardwebhooks', import.meta.url)));

const load = createRequire(import.meta.url);
export const standardWebhooks = (): StandardWebhooks => load('standardwebhooks');
export const ajv = (): Ajv => load('ajv');
