import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Liquid, type Template } from 'liquidjs';
import { Catalogues } from '../languages/catalogues.js';
import { isolated, render } from '../languages/message.js';
import { type MailLook, plainLook } from './look.js';

/** The values for a template. If a value that the template names is missing, `fill` throws. */
export type MailValues = Readonly<Record<string, string | number | boolean | null>>;
export interface FilledMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
  /** The picture that the HTML shows as `cid:` (`logoId`), if it shows one. */
  readonly logo: Buffer | undefined;
}

const strict = {
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  relativeReference: false,
  dynamicPartials: false,
} as const;
/** Values put into HTML are escaped. */
const html = new Liquid({ ...strict, outputEscape: 'escape' });
/** For plain text. */
const plain = new Liquid({ ...strict });

/**
 * Fills the mails' templates, which were compiled from MJML to HTML at build time. A template holds only structure: its
 * sentences come from the catalogue of the mail's language.
 */
export class MailTemplates {
  readonly #parsed = new Map<string, Template[]>();
  #own: ReadonlyMap<string, string> = new Map();

  /**
   * @param folder with `mail/<name>.html` (compiled) and `mail/<name>.txt`.
   * @param catalogues by default those in the folder.
   * @param look by default ours, without a logo.
   * @throws Error when the templates were not compiled (`npm run build` does).
   */
  constructor(
    private readonly folder: string,
    readonly catalogues = new Catalogues(folder),
    private readonly look: MailLook = plainLook,
  ) {}

  /** Lays templates over those of the folder, by file: `reset-link.html`, `reset-link.txt`. */
  layOver(own: ReadonlyMap<string, string>): this {
    this.#own = own;
    return this;
  }

  get languages(): readonly string[] {
    return this.catalogues.languages;
  }

  /** The language of a tag (BCP 47) if there is a catalogue for it, else null. */
  knownLocale(tag: string | null | undefined): string | null {
    return this.catalogues.find(tag);
  }

  /**
   * @param language of `languages`; null is the default one.
   * @throws Error when a value or a sentence is missing.
   */
  fill(name: string, language: string | null, values: MailValues): FilledMail {
    const chosen = language ?? this.catalogues.defaultLanguage;
    const { mail, direction } = this.catalogues.of(chosen);
    const texts = mail[name];
    if (!texts) throw new Error(`no texts for the mail ${name} in ${chosen}`);
    const isolate = direction === 'rtl' ? isolated : undefined;
    const say: Record<string, string> = {};
    for (const [key, sentence] of Object.entries(texts)) say[key] = render(sentence, values, chosen, isolate);
    const { look } = this;
    const scope = { ...values, look, say, language: chosen, direction, start: direction === 'rtl' ? 'right' : 'left' };
    return {
      subject: say.subject ?? name,
      html: this.#fill(html, `${name}.html`, scope),
      text: this.#fill(plain, `${name}.txt`, scope),
      language: chosen,
      logo: look.logo?.bytes,
    };
  }

  #fill(engine: Liquid, file: string, scope: object): string {
    const parsed = this.#parsed.get(file) ?? engine.parse(this.#source(file));
    this.#parsed.set(file, parsed);
    return engine.renderSync(parsed, scope);
  }

  #source(file: string): string {
    return this.#own.get(file) ?? readFileSync(join(this.folder, 'mail', file), 'utf8');
  }
}
