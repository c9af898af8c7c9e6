import type { Message } from './message.js';

/** Texts by key, in groups, and groups of groups: `time.for.hour`, `mail.reset-link.subject`, `page.waiting`. */
export type Texts<Text> = { readonly [key: string]: Text | Texts<Text> };

/** A file of `templates/locales`, as people write it. */
export interface CatalogueFile extends Texts<string> {
  /** The language's own name for itself. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  /** `yes` once somebody who grew up with the language has read all texts; else `no`. */
  readonly reviewed: string;
}

/** A catalogue as `npm run build` writes it: checked, and its texts read. */
export interface Catalogue {
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly reviewed: string;
  readonly time: { readonly for: Times; readonly in: Times };
  readonly mail: Readonly<Record<string, Readonly<Record<string, Message>>>>;
  /** Of the hosted page. */
  readonly page: Readonly<Record<string, Message>>;
  /** Of the other pages for people: at `/`, and where there is no page. */
  readonly site: Readonly<Record<SiteKey, Message>>;
}
type SiteKey = 'root-title' | 'root' | 'not-found-title' | 'not-found' | 'from-mail' | 'request';
/** What the hosted page's script says. */
export type PageTexts = Pick<Catalogue, 'page' | 'time'>;
export type Times = Readonly<Record<'day' | 'hour' | 'minute' | 'second', Message>>;

/** The keys that are no texts to be shown. */
export const facts = ['name', 'direction', 'reviewed'] as const;

/** Every text of a catalogue with its whole key (`mail.reset-link.subject`). */
export function flat<Text>(
  texts: Texts<Text>,
  isText: (value: unknown) => value is Text,
  prefix = '',
): Map<string, Text> {
  const found = new Map<string, Text>();
  for (const [key, value] of Object.entries(texts)) {
    if (isText(value)) found.set(`${prefix}${key}`, value);
    else for (const [inner, text] of flat(value as Texts<Text>, isText, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

/** The inverse of `flat`. */
export function nested<Text>(texts: ReadonlyMap<string, Text>): Texts<Text> {
  const root: Record<string, unknown> = {};
  for (const [key, text] of texts) {
    const path = key.split('.');
    const last = path.pop() ?? '';
    let group = root;
    for (const name of path) {
      group[name] ??= {};
      group = group[name] as Record<string, unknown>;
    }
    group[last] = text;
  }
  return root as Texts<Text>;
}
