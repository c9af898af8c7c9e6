/**
 * A text as `npm run build` read it from ICU MessageFormat: a string without values, or parts in order. The hosted page
 * gets texts in this form, and so needs no reader.
 */
export type Message = string | readonly Part[];
/** A text; the value of a name; or the case of a number, `other` at least, and `=1` before `one`. */
export type Part =
  | string
  | { readonly arg: string }
  | { readonly arg: string; readonly cases: Readonly<Record<string, Message>> };

export type Values = Readonly<Record<string, unknown>>;

/**
 * Puts values into a text. Numbers are written as the language writes them. The result is not escaped.
 *
 * @param isolate wraps each value that is no number; for languages from right to left, see `isolated`.
 * @throws Error when a value is missing.
 */
export function render(
  message: Message,
  values: Values,
  language: string,
  isolate: (value: string) => string = same,
): string {
  if (typeof message === 'string') return message;
  let text = '';
  for (const part of message) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = values[part.arg];
    if (value === undefined) throw new Error(`the value ${part.arg} is missing`);
    if ('cases' in part) text += render(caseOf(part.cases, Number(value), language), values, language, isolate);
    else text += typeof value === 'number' ? numbers(language).format(value) : isolate(String(value));
  }
  return text;
}

/**
 * A value inside text of another direction, between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (Unicode UAX 9):
 * its punctuation stays at its own end, and the text around it keeps its order.
 */
export function isolated(value: string): string {
  return `\u2068${value}\u2069`;
}

/** The text without the cases that no whole number below 1,000 has: of decimals, or of millions. */
export function forWholeNumbers(message: Message, language: string): Message {
  if (typeof message === 'string') return message;
  const used = wholeCategories(language);
  return message.map((part) => {
    if (typeof part === 'string' || !('cases' in part)) return part;
    const cases = Object.entries(part.cases).filter(([category]) => used.has(category) || category.startsWith('='));
    return { ...part, cases: Object.fromEntries(cases) };
  });
}

function caseOf(cases: Readonly<Record<string, Message>>, number: number, language: string): Message {
  return cases[`=${number}`] ?? cases[plurals(language).select(number)] ?? cases.other ?? '';
}

const same = (value: string) => value;
// Kept, because making one costs more than a mail; there are as many as languages.
const numbers = kept((language) => new Intl.NumberFormat(language));
const plurals = kept((language) => new Intl.PluralRules(language));
const wholeCategories = kept(
  (language) => new Set<string>(Array.from({ length: 1_000 }, (_, number) => plurals(language).select(number))),
);

/** Makes each language's formatter once. */
export function kept<Format>(make: (language: string) => Format): (language: string) => Format {
  const formats = new Map<string, Format>();
  return (language) => {
    const format = formats.get(language) ?? make(language);
    formats.set(language, format);
    return format;
  };
}
