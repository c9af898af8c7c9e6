import { describe, expect, it } from 'vitest';
import { LanguageLookUp } from '../../src/languages/look-up.js';

const languages = 'en de fr es pt-BR it nl sv da nb fi pl cs uk tr ar he ja ko zh-Hans'.split(' ');
const lookUp = new LanguageLookUp(languages);

describe('the language', () => {
  it.each([
    ...['de', 'DE', 'de-AT', 'de_CH', 'de-Latn-CH-1996'].map((tag) => [tag, 'de']),
    ...['pt', 'pt-PT', 'pt-br', 'pt_BR'].map((tag) => [tag, 'pt-BR']),
    ...['zh', 'zh-CN', 'zh-SG', 'zh-Hans-HK', 'zh_hans'].map((tag) => [tag, 'zh-Hans']),
    ...['nb', 'no', 'nn', 'nn-NO', 'no-NO'].map((tag) => [tag, 'nb']),
    ['iw', 'he'],
    ['en-001', 'en'],
  ])('of the tag %s is %s', (tag, language) => {
    expect(lookUp.find(tag)).toBe(language);
  });

  it.each([
    ...['zh-TW', 'zh-Hant', 'zh-HK', 'zh-MO', 'yue'],
    ...['tlh', '', 'i-klingon', 'x-de', '*', 'd', 'deutsch', 'de\n', ' de', 'de;q=1', 'de--AT', 'de-a-b-a'],
    ...['../../etc', 'de/../en', '__proto__', 'constructor', `de${'-aa'.repeat(2_000)}`],
  ])('of the tag %j is not known', (tag) => {
    expect(lookUp.find(tag)).toBe(null);
  });

  it('of a script that has a catalogue of its own is that one', () => {
    const more = new LanguageLookUp([...languages, 'zh-Hant']);
    expect(['zh-TW', 'zh-HK', 'zh', 'zh-CN'].map((tag) => more.find(tag))).toEqual([
      ...['zh-Hant', 'zh-Hant'],
      ...['zh-Hans', 'zh-Hans'],
    ]);
  });
});

describe('the header Accept-Language', () => {
  it.each([
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['tlh, fr;q=0.5, en;q=0.9', 'en'],
    ['en;q=0, ja;q=0.1', 'ja'],
    ['zh-TW,zh;q=0.9', 'zh-Hans'],
    ['*', null],
    ['tlh;q=1', null],
    ['en;q=no', null],
    ['', null],
    [undefined, null],
  ])('%j gives %j', (header, language) => {
    expect(lookUp.accepted(header)).toBe(language);
  });

  it('is read no further than browsers go, however long it is', () => {
    const long = Array.from({ length: 2_000 }, (_, at) => `x${at}`);
    expect(lookUp.accepted(['fr', ...long].join(','))).toBe('fr');
    expect(lookUp.accepted([...long, 'fr'].join(','))).toBe(null);
    expect(lookUp.accepted(`${'tlh,'.repeat(31)}fr`)).toBe('fr');
    expect(lookUp.accepted(`${'tlh,'.repeat(32)}fr`)).toBe(null);
  });
});
