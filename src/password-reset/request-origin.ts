import type { Browser } from '../calls/caller.js';

/** The sentences of the mail `reset-link` that tell where its request came from. */
export type OriginSentence = 'origin' | 'originWith' | 'originBrowser' | 'originApp';

/** As their makers write them, in every language. */
const names = new Map<Browser, string>([
  ['chrome', 'Chrome'],
  ['edge', 'Edge'],
  ['firefox', 'Firefox'],
  ['opera', 'Opera'],
  ['safari', 'Safari'],
  ['samsung-internet', 'Samsung Internet'],
]);

/**
 * The sentence for a request's browser, and the name in it.
 *
 * @param browser from a job: undefined if an older process wrote it, and anything if its row is damaged or a newer process
 *   wrote it; then the sentence tells no browser.
 */
export function originOf(browser: unknown): { readonly origin: OriginSentence; readonly browser: string } {
  const name = names.get(browser as Browser);
  if (name) return { origin: 'originWith', browser: name };
  if (browser === 'other') return { origin: 'originBrowser', browser: '' };
  return { origin: browser === 'app' ? 'originApp' : 'origin', browser: '' };
}
