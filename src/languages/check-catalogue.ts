import { type Catalogue, type CatalogueFile, facts, flat, nested, type Texts } from './catalogue.js';
import type { Message } from './message.js';
import { argumentsOf, MessageFault, readMessage } from './read-message.js';

/** The catalogue against which others are checked: same keys, same values in each text. */
export const referenceLanguage = 'en';

/** Catalogues that cannot be used. The message names file and key of each fault, one in a line. */
export class CatalogueFaults extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

export interface CatalogueSource {
  /** Shown in faults: `de.json`, or a path. */
  readonly file: string;
  /** BCP 47: the name of the file. */
  readonly language: string;
  readonly json: string;
}

/**
 * Reads and checks the catalogue of a language.
 *
 * @param reference the checked English catalogue, or undefined if this is it.
 * @param below a checked catalogue of this language, over which this one is laid: it may then have some keys only.
 * @throws CatalogueFaults naming every fault: not JSON, a language that is no tag, missing and unknown keys, a text that
 *   is no ICU MessageFormat, missing and unknown values, plural categories that are not exactly CLDR's of the language.
 */
export function checkCatalogue(
  { file, language, json }: CatalogueSource,
  reference?: Catalogue,
  below?: Catalogue,
): Catalogue {
  const given = textsOf(file, json);
  const categories = categoriesOf(file, language);
  const expected = reference && flat(reference as unknown as Texts<Message>, isMessage);
  const faults: string[] = [];
  const read = below ? flat(below as unknown as Texts<Message>, isMessage) : new Map<string, Message>();
  for (const [key, text] of given) {
    const tell = (fault: string) => faults.push(`${file}: ${key}: ${fault}`);
    if (expected && !expected.has(key)) tell('there is no such text');
    else if (typeof text !== 'string') tell(`is ${text === null ? 'null' : `a ${typeof text}`}, not a text`);
    else if (text.trim() === '') tell('is empty');
    else if (/\p{Cc}/u.test(text)) tell('holds a line break, a tab or another control character');
    else if (isFact(key)) read.set(key, fact(key, text, tell));
    else {
      try {
        const message = readMessage(text);
        const others = argumentsOf(expected?.get(key) ?? message);
        for (const fault of valueFaults(message, others, categories)) tell(fault);
        read.set(key, message);
      } catch (error) {
        if (!(error instanceof MessageFault)) throw error;
        tell(error.message);
        read.set(key, '');
      }
    }
  }
  for (const key of expected?.keys() ?? facts)
    if (!read.has(key) && !given.has(key)) faults.push(`${file}: ${key}: is missing`);
  if (faults.length > 0) throw new CatalogueFaults(faults);
  return nested(read) as unknown as Catalogue;
}

/** Faults of a text's values, beside the English text's. */
function* valueFaults(message: Message, expected: ReturnType<typeof argumentsOf>, categories: readonly string[]) {
  const values = argumentsOf(message);
  for (const name of expected.keys()) if (!values.has(name)) yield `the value {${name}} is missing`;
  for (const [name, cases] of values) {
    const other = expected.get(name);
    if (!other) {
      yield `there is no value {${name}}${expected.size > 0 ? `, only {${[...expected.keys()].join('}, {')}}` : ''}`;
      continue;
    }
    if (other.size > 0 && cases.size === 0 && categories.length > 1)
      yield `{${name}} needs a plural: ${categories.join(', ')}`;
    if (cases.size === 0) continue;
    const missing = categories.filter((category) => !cases.has(category));
    const unknown = [...cases].filter((category) => !categories.includes(category) && !category.startsWith('='));
    if (missing.length > 0) yield `the plural of {${name}} lacks ${missing.join(', ')}`;
    if (unknown.length > 0)
      yield `the plural of {${name}} has ${unknown.join(', ')}; the language has ${categories.join(', ')}`;
  }
}

function textsOf(file: string, json: string): Map<string, unknown> {
  let parsed: CatalogueFile;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new CatalogueFaults([`${file}: is no JSON: ${(error as Error).message}`]);
  }
  if (!isGroup(parsed)) throw new CatalogueFaults([`${file}: holds no object with texts`]);
  return flat<unknown>(parsed as Texts<unknown>, (value): value is unknown => !isGroup(value));
}

/** The plural categories that CLDR gives the language, as this Node's ICU has them. */
function categoriesOf(file: string, language: string): readonly string[] {
  let canonical: string | undefined;
  try {
    [canonical] = Intl.getCanonicalLocales(language);
  } catch {
    canonical = undefined;
  }
  if (canonical === undefined) throw new CatalogueFaults([`${file}: the name is no language tag (BCP 47)`]);
  if (canonical !== language) throw new CatalogueFaults([`${file}: the name must be ${canonical}.json`]);
  return new Intl.PluralRules(language).resolvedOptions().pluralCategories;
}

function fact(key: (typeof facts)[number], text: string, tell: (fault: string) => void): string {
  if (key === 'direction' && text !== 'ltr' && text !== 'rtl') tell('must be ltr or rtl');
  if (key === 'reviewed' && text !== 'yes' && text !== 'no') tell('must be yes or no');
  return text;
}

const isFact = (key: string): key is (typeof facts)[number] => (facts as readonly string[]).includes(key);
const isGroup = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isMessage = (value: unknown): value is Message => typeof value === 'string' || Array.isArray(value);
