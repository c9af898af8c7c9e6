import type { Browser } from '../calls/caller.js';

/** Of `User-Agent`; browsers send 100 to 300 characters. */
const longest = 512;

/**
 * What browsers say of themselves, the first that fits: most name others, too, for old servers' sake. Views of web pages
 * within an app come first, because they name the browser whose engine they use.
 */
const signs: readonly (readonly [RegExp, Browser])[] = [
  [/; wv\)|\bFBA[NV]\/|\bInstagram\b|\bLine\/|\bGSA\/|\bMicroMessenger\//, 'app'],
  [/\b(?:Vivaldi|YaBrowser|UCBrowser|DuckDuckGo|Ddg|Whale|MiuiBrowser|HuaweiBrowser|Silk)\//, 'other'],
  [/\bEdg(?:e|A|iOS)?\//, 'edge'],
  [/\b(?:OPR|OPT|OPX|Opera)\//, 'opera'],
  [/\bSamsungBrowser\//, 'samsung-internet'],
  [/\b(?:Firefox|FxiOS)\//, 'firefox'],
  [/\b(?:Chrome|CriOS|Chromium)\//, 'chrome'],
  [/\bVersion\/[\d.]+ (?:Mobile\/\w+ )?Safari\//, 'safari'],
  [/^Mozilla\/5\.0 \((?:iPhone|iPad|iPod)[^)]*\) AppleWebKit\/(?!.*Safari\/)/, 'app'],
  [/^(?:Dalvik|okhttp|Dart)\/|\b(?:CFNetwork|ReactNativeHost)\b/, 'app'],
  [/^Mozilla\//, 'other'],
];

/**
 * The browser of a request, by its header `User-Agent` (RFC 9110, 10.1.5), which may say anything: nothing of it goes on
 * but one of a few words. Programs that are neither browser nor app, such as an app's own server, have none.
 */
export function browserOf(userAgent: string | undefined): Browser | null {
  const said = (userAgent ?? '').slice(0, longest);
  return signs.find(([sign]) => sign.test(said))?.[1] ?? null;
}
