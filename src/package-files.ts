import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';

/** The root of the package, wherever the compiler put this file. */
export const packageFolder = `${dirname(findPackageJSON(import.meta.url) ?? '')}/`;
/** Mail templates as `npm run build` compiled them. */
export const templatesFolder = `${packageFolder}dist/templates`;
/** The filter of common passwords that `npm run build` made. */
export const commonPasswordsFile = `${packageFolder}dist/common-passwords.bin`;
/** Where `npm run build` writes. */
export const buildFolder = `${packageFolder}dist`;
/** The hosted page's script and style sheet, as `npm run build` put them together. */
export const pageFilesFolder = `${packageFolder}dist/page`;
/** What the thread for hashes that are loops of JavaScript runs. */
export const iteratedWorkerFile = `${packageFolder}dist/src/accounts/passwords/hashing/iterated-worker.js`;
