import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `standardwebhooks` 1.1.1 and Ajv, as far as the tests use them. */
interface Strangers {
  readonly Webhook: new (
    secret: string,
    options?: { format: 'raw' },
  ) => { verify(body: string, headers: object): unknown };
  readonly Ajv: new () => { compile(schema: object): (value: unknown) => boolean };
}

/** Whether this folder's own packages are installed: `npm ci` here, which `.ci/run` does. */
export const areStrangersHere = existsSync(fileURLToPath(new URL('./node_modules/standardwebhooks', import.meta.url)));

/** They are looked for only when a test needs them. */
export const strangers = (): Promise<Strangers> => import(new URL('./program.mjs', import.meta.url).href);
