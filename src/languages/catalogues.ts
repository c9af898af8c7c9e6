import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue } from './catalogue.js';
import { LanguageLookUp } from './look-up.js';

/** The catalogues that `npm run build` checked and wrote. Each is read when the first text of it is needed. */
export class Catalogues {
  readonly #read = new Map<string, Catalogue>();
  readonly #lookUp: LanguageLookUp;
  /** BCP 47, sorted. */
  readonly languages: readonly string[];

  /**
   * @param folder with `locales/<language>.json`, compiled.
   * @param defaultLanguage for readers whose language is not known, or has no catalogue.
   * @param own checked catalogues that stand before those of the folder, or beside them.
   * @throws Error when nothing was compiled (`npm run build` does it).
   */
  constructor(
    private readonly folder: string,
    readonly defaultLanguage = 'en',
    private readonly own: ReadonlyMap<string, Catalogue> = new Map(),
  ) {
    const locales = join(folder, 'locales');
    if (!existsSync(locales)) throw new Error(`no mail templates in ${folder}: run \`npm run build\` first`);
    const files = readdirSync(locales).filter((file) => file.endsWith('.json'));
    this.languages = [...new Set([...files.map((file) => file.slice(0, -'.json'.length)), ...own.keys()])].sort();
    this.#lookUp = new LanguageLookUp(this.languages);
  }

  /** The language for a tag (BCP 47), else null: see `LanguageLookUp.find`. */
  find(tag: string | null | undefined): string | null {
    return this.#lookUp.find(tag);
  }

  /** The language for a header `Accept-Language`, else null. */
  accepted(header: string | undefined): string | null {
    return this.#lookUp.accepted(header);
  }

  /** @param language of `languages`. @throws Error when there is no such catalogue. */
  of(language: string): Catalogue {
    const known = this.own.get(language) ?? this.#read.get(language);
    if (known) return known;
    if (!this.languages.includes(language)) throw new Error(`no catalogue of the language ${language}`);
    const read: Catalogue = JSON.parse(readFileSync(join(this.folder, 'locales', `${language}.json`), 'utf8'));
    this.#read.set(language, read);
    return read;
  }
}
