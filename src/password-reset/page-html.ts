import { readFile } from 'node:fs/promises';
import { Liquid, type Template } from 'liquidjs';
import type { PageLooks } from '../brand/page-looks.js';
import type { Catalogue, PageTexts } from '../languages/catalogue.js';
import { forWholeNumbers, type Message } from '../languages/message.js';
import { packageFolder } from '../package-files.js';

/** What stands in the page's HTML beside its words. */
export interface PageValues {
  readonly productName: string;
  /** Empty for none, as `supportUrl`. */
  readonly signInUrl: string;
  readonly supportUrl: string;
  /** Paths without a slash at the beginning. */
  readonly styles: string;
  readonly script: string;
  readonly looks: PageLooks;
}

/** Texts that the HTML says and the script, too. */
const saidByBoth: ReadonlySet<string> = new Set(['show', 'show-password', 'broken-title']);

/** The hosted page's HTML, with its words in it before the script runs, and the texts that the script says. */
export class PageHtml {
  private constructor(
    private readonly engine: Liquid,
    private readonly template: Template[],
    private readonly inHtml: ReadonlySet<string>,
  ) {}

  static async read(): Promise<PageHtml> {
    const file = await readFile(`${packageFolder}src/password-reset/reset-page/page.html`, 'utf8');
    const text = file.replace(/\n\s+/g, '\n');
    const engine = new Liquid({ outputEscape: 'escape', strictVariables: true, ownPropertyOnly: true });
    const keys = [...text.matchAll(/\{\{ say\.([\w-]+) \}\}/g)].map(([, key = '']) => key);
    return new PageHtml(engine, engine.parse(text), new Set(keys));
  }

  /**
   * @param depth how many slashes come after the first in the path at which the page is asked for.
   * @throws Error when the catalogue lacks a text.
   */
  in(language: string, catalogue: Catalogue, values: PageValues, depth = 0): string {
    // JSON that is text of HTML as well.
    const texts = JSON.stringify(this.textsForScript(language, catalogue)).replace(/[<&]/g, escapedInJson);
    const { direction, page: say } = catalogue;
    return this.engine.renderSync(this.template, {
      ...{ ...values, language, direction, say, texts },
      root: '../'.repeat(depth),
    });
  }

  /** Those that the HTML does not say, with the plural forms that come before. */
  textsForScript(language: string, { page, time }: Catalogue): PageTexts {
    const texts = <Key extends string>(all: Readonly<Record<Key, Message>>) =>
      Object.fromEntries(
        Object.entries<Message>(all)
          .filter(([key]) => saidByBoth.has(key) || !this.inHtml.has(key))
          .map(([key, text]) => [key, forWholeNumbers(text, language)]),
      ) as Record<Key, Message>;
    return { page: texts(page), time: { for: texts(time.for), in: texts(time.in) } };
  }
}

const escapedInJson = (sign: string) => `\\u00${sign.charCodeAt(0).toString(16)}`;
