import type { Message, Part } from './message.js';

/** A text that is no ICU MessageFormat, or uses more of it than mails and pages need. */
export class MessageFault extends Error {}

/**
 * Reads a text in ICU MessageFormat: `{name}`, and `{count, plural, one {# day} other {# days}}`, where `#` is the
 * number. Quotes as in ICU's default mode: an apostrophe is a letter, unless a brace follows (or `#` in a plural): `'{'`
 * is a brace; `''` is one apostrophe.
 *
 * Other arguments of ICU (`select`, `date`, nested formats) are refused: values come as finished words, so that nothing
 * but a plural is left to the page.
 *
 * @throws MessageFault saying what is wrong and at which character, counted from 1.
 */
export function readMessage(text: string): Message {
  const reader = new Reader(text);
  const message = reader.message(undefined);
  reader.end();
  return message;
}

/** The names of the values in a text, and whether each chooses a plural; `cases` are their categories. */
export function argumentsOf(message: Message, found = new Map<string, Set<string>>()): Map<string, Set<string>> {
  for (const part of typeof message === 'string' ? [] : message) {
    if (typeof part === 'string') continue;
    const cases = found.get(part.arg) ?? new Set();
    found.set(part.arg, cases);
    if (!('cases' in part)) continue;
    for (const [category, inner] of Object.entries(part.cases)) {
      cases.add(category);
      argumentsOf(inner, found);
    }
  }
  return found;
}

class Reader {
  #at = 0;
  constructor(private readonly text: string) {}

  /** @param counted the name that `#` stands for, inside of a plural. */
  message(counted: string | undefined): Message {
    const parts: Part[] = [];
    let plain = '';
    const close = () => {
      if (plain) parts.push(plain);
      plain = '';
    };
    for (let sign = this.#peek(); sign !== '' && sign !== '}'; sign = this.#peek()) {
      if (sign === '{') {
        close();
        parts.push(this.#argument(counted));
      } else if (sign === '#' && counted !== undefined) {
        close();
        parts.push({ arg: counted });
        this.#at++;
      } else {
        plain += sign === "'" ? this.#quoted(counted !== undefined) : this.#next();
      }
    }
    close();
    const [first = ''] = parts;
    return parts.length < 2 && typeof first === 'string' ? first : parts;
  }

  end(): void {
    if (this.#at < this.text.length) this.#fault('"}" closes nothing');
  }

  #argument(counted: string | undefined): Part {
    const from = this.#at;
    this.#at++;
    const arg = this.#word('a name');
    if (this.#peek() === '}') {
      this.#at++;
      return { arg };
    }
    if (this.#peek() !== ',')
      this.#fault(this.#peek() === '' ? '"{" is not closed' : 'a name holds letters only', from);
    this.#at++;
    const kind = this.#word('the kind of argument');
    if (kind !== 'plural') this.#fault(`"${kind}" is not supported, only plural`, from);
    if (counted !== undefined) this.#fault('a plural inside of a plural is not supported', from);
    if (this.#peek() !== ',') this.#fault('"," is missing after plural');
    this.#at++;
    const cases: Record<string, Message> = {};
    while (this.#skipSpace() !== '}') {
      const category = this.#match(/=\d+|[a-z]+/y);
      if (category === '') this.#fault(this.#peek() === '' ? '"{" is not closed' : 'a category is missing', from);
      if (Object.hasOwn(cases, category)) this.#fault(`the category ${category} comes twice`);
      if (this.#skipSpace() !== '{') this.#fault(`"{" is missing after ${category}`);
      this.#at++;
      cases[category] = this.message(arg);
      if (this.#peek() !== '}') this.#fault('"{" is not closed', from);
      this.#at++;
    }
    this.#at++;
    if (!('other' in cases)) this.#fault('the category other is missing', from);
    return { arg, cases };
  }

  #quoted(inPlural: boolean): string {
    this.#at++;
    if (this.#peek() === "'") return this.#next();
    const opens = this.#peek() === '{' || this.#peek() === '}' || (inPlural && this.#peek() === '#');
    if (!opens) return "'";
    let quoted = '';
    while (this.#at < this.text.length) {
      const sign = this.#next();
      if (sign !== "'") quoted += sign;
      else if (this.#peek() === "'") quoted += this.#next();
      else return quoted;
    }
    return quoted;
  }

  #word(what: string): string {
    this.#skipSpace();
    const from = this.#at;
    const word = this.#match(/[A-Za-z]\w*/y);
    if (word === '') this.#fault(`${what} is missing after "${this.text.slice(0, from).at(-1)}"`);
    this.#skipSpace();
    return word;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.text) ?? [];
    this.#at += found.length;
    return found;
  }

  #skipSpace(): string {
    this.#match(/\s*/y);
    return this.#peek();
  }

  #peek(): string {
    return this.text.charAt(this.#at);
  }

  #next(): string {
    return this.text.charAt(this.#at++);
  }

  #fault(text: string, at = this.#at): never {
    throw new MessageFault(`${text} (character ${at + 1})`);
  }
}
