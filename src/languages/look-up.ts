/** A tag of BCP 47 as people and programs write it: at most six subtags of eight signs after the language. */
const tagPattern = /^[a-z]{2,3}(?:[-_][a-z0-9]{1,8}){0,6}$/i;
/** Readers of one Norwegian read the other, and `no` is both. */
const norwegian = ['nb', 'no', 'nn'];
/** Of `Accept-Language`; browsers send five or so. */
const [longestHeader, mostRanges] = [1_024, 32];

/** Finds, among the languages that there are catalogues for, the one for a reader. */
export class LanguageLookUp {
  readonly #names: ReadonlySet<string>;
  readonly #likely: readonly { readonly name: string; readonly locale: Intl.Locale }[];

  constructor(languages: readonly string[]) {
    this.#names = new Set(languages);
    this.#likely = languages.map((name) => ({ name, locale: new Intl.Locale(name).maximize() }));
  }

  /**
   * Look-up by RFC 4647, 3.4: `de-AT` finds `de`. Beyond it, a language of the same name in the same script (UAX 24, by
   * CLDR's likely subtags) is found: `pt` and `pt-PT` find `pt-BR`, `zh-CN` finds `zh-Hans`, `zh-TW` does not.
   *
   * @param tag of BCP 47, also with `_`; anything else finds nothing.
   */
  find(tag: string | null | undefined): string | null {
    if (!tag || !tagPattern.test(tag)) return null;
    let asked: Intl.Locale;
    try {
      asked = new Intl.Locale(tag.replaceAll('_', '-'));
    } catch {
      return null;
    }
    for (let range = asked.baseName; range !== ''; range = range.slice(0, Math.max(0, range.lastIndexOf('-')))) {
      if (this.#names.has(range)) return range;
    }
    const { language, script } = asked.maximize();
    const names = norwegian.includes(language) ? norwegian : [language];
    const found = this.#likely.find(({ locale }) => names.includes(locale.language) && locale.script === script);
    return found?.name ?? null;
  }

  /** The best language for the header `Accept-Language` (RFC 9110, 12.5.4); of a long one, only the beginning is read. */
  accepted(header: string | undefined): string | null {
    const ranges = (header ?? '').slice(0, longestHeader).split(',').slice(0, mostRanges);
    const weighed = ranges.map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
      const quality = parameters.find((each) => /^q=/i.test(each))?.slice(2);
      return { tag, quality: quality === undefined ? 1 : Number(quality) || 0 };
    });
    // The sort is stable: of equal weight, the first.
    for (const { tag } of weighed.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality)) {
      const found = this.find(tag);
      if (found) return found;
    }
    return null;
  }
}
