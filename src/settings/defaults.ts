import type { Command } from './environment.js';

/** What a default can follow from: the command, and settings that stand before it in the table. */
export interface Known {
  readonly command: Command;
  readonly NODE_ENV: string;
  readonly PORT: number;
  readonly PUBLIC_URL: string;
}

/** A default that is no constant: how it comes about, and the words for that. */
export class Derived<Value> {
  constructor(
    readonly words: string,
    readonly from: (known: Known) => Value,
  ) {}
}

/** A constant, or how the value comes about. */
export type Default<Value> = Value | Derived<Value>;

/** Nothing is set by default. @param words what holds then. */
export const absent = (words = 'none') => new Derived(words, () => undefined);

/** @param make writes the default from the other setting's value, and its words from that setting's name. */
export const follows = (name: 'PORT' | 'PUBLIC_URL', make: (other: string) => string) =>
  new Derived(make(name), (known) => make(String(known[name])));

export const inProduction = <const Value>(production: Value, otherwise: Value) =>
  new Derived<Value>(`${wordsOf(otherwise)}; ${wordsOf(production)} in production`, ({ NODE_ENV }) =>
    NODE_ENV === 'production' ? production : otherwise,
  );

/** In production it must be set, and who leaves it out is told so. */
export const outsideProduction = <const Value>(value: Value) =>
  new Derived<Value>(`required in production; ${wordsOf(value)}`, () => value);

/** For the command `dev`, unless it is told to be production. */
export const forDev = <const Value>(dev: Value, otherwise: Value) =>
  new Derived<Value>(`${wordsOf(otherwise)}; ${wordsOf(dev)} for \`dev\``, ({ command, NODE_ENV }) =>
    command === 'dev' && NODE_ENV !== 'production' ? dev : otherwise,
  );

/** A default as an operator would write it. */
export function wordsOf(value: unknown): string {
  if (value instanceof Derived) return value.words;
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.map(wordsOf).join(',') || 'none';
  if (typeof value !== 'object' || value === null) return String(value) || 'none';
  if ('points' in value && 'seconds' in value) return `${value.points}/${value.seconds}`;
  if ('name' in value && 'address' in value) return `${value.name} <${value.address}>`;
  throw new TypeError('a default without words');
}
