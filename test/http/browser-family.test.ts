import fc from 'fast-check';
import { expect, it } from 'vitest';
import { browserOf } from '../../src/http/browser-family.js';

const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const windows = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit}`;
const android = 'Mozilla/5.0 (Linux; Android 15; SM-S921B)';
const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)';

it.each([
  ['chrome', `${windows} Chrome/142.0.0.0 Safari/537.36`],
  ['chrome', `${iphone} CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1`],
  ['edge', `${windows} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`],
  ['edge', `${android} ${webkit} Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0`],
  ['edge', `${iphone} Version/18.0 EdgiOS/142.0.3595.53 Mobile/15E148 Safari/604.1`],
  ['firefox', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'],
  ['firefox', `${iphone} FxiOS/145.0 Mobile/15E148 Safari/605.1.15`],
  ['safari', `${mac} Version/18.5 Safari/605.1.15`],
  ['safari', `${iphone} Version/18.5 Mobile/15E148 Safari/604.1`],
  ['samsung-internet', `${android} ${webkit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`],
  ['opera', `${windows} Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0`],
  ['opera', `${iphone} Version/18.5 Mobile/15E148 Safari/604.1 OPT/5.6.1`],
  ['other', `${windows} Chrome/142.0.0.0 Safari/537.36 Vivaldi/7.7.3851.52`],
  ['other', `${windows} Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36`],
  ['other', 'Mozilla/5.0 (X11; Linux x86_64) SomethingNew/1.0'],
  ['app', `Mozilla/5.0 (Linux; Android 15; SM-S921B; wv) ${webkit} Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36`],
  ['app', `${iphone} Mobile/15E148`],
  ['app', `${iphone} Mobile/15E148 [FBAN/FBIOS;FBAV/485.1.0.45.110]`],
  ['app', 'Acme/412 CFNetwork/3826.500.131 Darwin/24.5.0'],
  ['app', 'okhttp/4.12.0'],
  ['app', 'Dart/3.9 (dart:io)'],
  [null, 'node'],
  [null, 'Java-http-client/21.0.4'],
  [null, 'curl/8.14.1'],
  [null, ''],
  [null, undefined],
])('%s is %s', (browser, userAgent) => {
  expect(browserOf(userAgent)).toBe(browser);
});

it('makes nothing of a text but one of eight words or none, and reads its beginning only', () => {
  const words = ['app', 'chrome', 'edge', 'firefox', 'opera', 'other', 'safari', 'samsung-internet', null];
  const pieces = [
    'Mozilla/5.0 ',
    'Chrome/1',
    '; wv)',
    'Version/1 ',
    'Safari/1',
    '<b>Firefox/</b>',
    '\r\n',
    '{{ link }}',
  ];
  const texts = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string())).map((each) => each.join(''));
  fc.assert(fc.property(texts, (text) => words.includes(browserOf(text))));
  expect(browserOf(`${' '.repeat(512)}Firefox/145.0`)).toBe(null);
});
