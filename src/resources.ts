import { fileURLToPath } from 'node:url';

/** The root of the package, whether this file runs from `src` or from `dist/src`. */
export const packageFolder = fileURLToPath(
  new URL(import.meta.url.includes('/dist/src/') ? '../../' : '../', import.meta.url),
);
/** Mail templates as `npm run build` compiled them. */
export const templatesFolder = `${packageFolder}dist/templates`;
/** The filter of common passwords that `npm run build` made. */
export const commonPasswordsFile = `${packageFolder}dist/common-passwords.bin`;
/** Browser scripts and page files as `npm run build` left them. */
export const buildFolder = `${packageFolder}dist`;
