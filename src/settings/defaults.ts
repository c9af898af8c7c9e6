import type { Command } from './environment.js';

/** What a default can depend on: the command, and settings that come earlier in the table. */
export interface Known {
  readonly command: Command;
  readonly NODE_ENV: string;
  readonly PORT: number;
  readonly PUBLIC_URL: string;
  readonly ACCOUNTS: unknown;
  readonly SIGN_IN: boolean;
}

/** A default that is not a constant: a function that makes it, and its description in words. */
export class Derived<Value> {
  constructor(
    readonly words: string,
    readonly from: (known: Known) => Value,
  ) {}
}

/** A constant, or a derived default. */
export type Default<Value> = Value | Derived<Value>;

/** Nothing is set by default. @param words what applies then, for the documentation. */
export const absent = (words = 'none') => new Derived(words, () => undefined);

/**
 * A default made from another setting.
 *
 * @param make gets that setting's value, and for the documented words its name.
 */
export const follows = (name: 'PORT' | 'PUBLIC_URL', make: (other: string) => string) =>
  new Derived(make(name), (known) => make(String(known[name])));

export const inProduction = <const Value>(production: Value, otherwise: Value) =>
  new Derived<Value>(`${wordsOf(otherwise)}; ${wordsOf(production)} in production`, ({ NODE_ENV }) =>
    NODE_ENV === 'production' ? production : otherwise,
  );

/** A default for development; in production the setting is required, and a missing one is reported as a fault. */
export const outsideProduction = <const Value>(value: Value) =>
  new Derived<Value>(`required in production; ${wordsOf(value)}`, () => value);

/** A default for the command `dev`, unless NODE_ENV is production. */
export const forDev = <const Value>(dev: Value, otherwise: Value) =>
  new Derived<Value>(`${wordsOf(otherwise)}; ${wordsOf(dev)} for \`dev\``, ({ command, NODE_ENV }) =>
    command === 'dev' && NODE_ENV !== 'production' ? dev : otherwise,
  );

/** A default as an operator would write it. @throws TypeError for a value of a kind that it does not know: a bug. */
export function wordsOf(value: unknown): string {
  if (value instanceof Derived) return value.words;
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.map(wordsOf).join(',') || 'none';
  if (typeof value !== 'object' || value === null) return String(value) || 'none';
  if ('points' in value && 'seconds' in value) return `${value.points}/${value.seconds}`;
  if ('name' in value && 'address' in value) return `${value.name} <${value.address}>`;
  throw new TypeError('a default without words');
}
