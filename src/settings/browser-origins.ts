import { list } from './values.js';

/**
 * Origins as browsers and app shells send them: `https://app.example`, `https://*.preview.app.example` (the star is one
 * whole label), `capacitor://localhost`. A star elsewhere would match nothing, or too much.
 */
export const browserOrigins = list(
  'origins: https://app.example, https://*.preview.app.example (one label), capacitor://localhost',
  (text) => (isOrigin(text) ? text : undefined),
);

/** Pages with these schemes have no origin of their own, or share one with all pages of the scheme. */
const unnamed = /^(?:about|blob|data|file|filesystem|ftp|javascript|view-source|wss?):/;

function isOrigin(text: string): boolean {
  if (/^https?:/.test(text)) {
    const [, scheme, rest = ''] = /^(https?):\/\/\*\.(.+\..+)$/.exec(text) ?? [];
    const one = scheme ? `${scheme}://x.${rest}` : text;
    return !one.includes('*') && new URL(one).origin === one;
  }
  return /^[a-z][a-z0-9+.-]{0,30}:\/\/[a-z0-9._-]{1,253}(?::\d{1,5})?$/.test(text) && !unnamed.test(text);
}
