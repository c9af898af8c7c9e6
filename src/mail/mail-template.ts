import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Liquid, type Template } from 'liquidjs';

/** The values for a template. If a value that the template names is missing, `fill` throws. */
export type MailValues = Readonly<Record<string, string | number | boolean | null>>;
export interface FilledMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
}

/** The texts of one mail in one language; the key `subject` is its subject. Each is a template itself. */
type Texts = Readonly<Record<string, string>>;
type Catalogue = Readonly<Record<string, Texts>>;

const strict = {
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  relativeReference: false,
  dynamicPartials: false,
} as const;
/** Values put into HTML are escaped. */
const html = new Liquid({ ...strict, outputEscape: 'escape' });
/** For plain text and the catalogue's sentences. Sentences are escaped later, when they are put into HTML. */
const plain = new Liquid({ ...strict });

/**
 * Fills the mails' templates, which were compiled from MJML to HTML at build time. Sentences come from a catalogue per
 * language (`templates/locales/<language>.json`), so a template holds only structure.
 */
export class MailTemplates {
  readonly #catalogues: ReadonlyMap<string, Catalogue>;
  readonly #parsed = new Map<string, Template[]>();

  /**
   * @param folder with `mail/<name>.html` (compiled), `mail/<name>.txt` and `locales/<language>.json`.
   * @throws Error when the templates were not compiled (`npm run build` does).
   */
  constructor(private readonly folder: string) {
    const locales = join(folder, 'locales');
    if (!existsSync(locales)) throw new Error(`no mail templates in ${folder}: run \`npm run build\` first`);
    this.#catalogues = new Map(
      readdirSync(locales).map((file) => [
        file.replace('.json', ''),
        JSON.parse(readFileSync(join(locales, file), 'utf8')),
      ]),
    );
  }

  get languages(): string[] {
    return [...this.#catalogues.keys()].sort();
  }

  /** The language of a tag (BCP 47) if there is a catalogue for it, else null. */
  knownLocale(tag: string | null | undefined): string | null {
    const language = /^([a-z]{2,3})(?:[-_][a-z0-9-_]{1,32})?$/i.exec(tag ?? '')?.[1]?.toLowerCase();
    return language && this.#catalogues.has(language) ? language : null;
  }

  /** @throws Error when a value or a sentence is missing. */
  fill(name: string, language: string | null, values: MailValues): FilledMail {
    const chosen = language ?? 'en';
    const texts = this.#catalogues.get(chosen)?.[name];
    if (!texts) throw new Error(`no texts for the mail ${name} in ${chosen}`);
    const said: Record<string, string> = {};
    for (const [key, sentence] of Object.entries(texts)) {
      said[key] = this.#fill(plain, `${chosen}/${name}/${key}`, () => sentence, values);
    }
    const file = (extension: string) => () => readFileSync(join(this.folder, 'mail', `${name}.${extension}`), 'utf8');
    const scope = { ...values, say: said, language: chosen };
    return {
      subject: said.subject ?? name,
      html: this.#fill(html, `${name}.html`, file('html'), scope),
      text: this.#fill(plain, `${name}.txt`, file('txt'), scope),
      language: chosen,
    };
  }

  #fill(engine: Liquid, id: string, read: () => string, scope: object): string {
    const parsed = this.#parsed.get(id) ?? engine.parse(read());
    this.#parsed.set(id, parsed);
    return engine.renderSync(parsed, scope);
  }
}
