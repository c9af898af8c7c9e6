import type { Fields } from '../records/record.js';

export const productNames = ['auth0', 'firebase', 'keycloak', 'cognito', 'supabase'] as const;
export type ProductName = (typeof productNames)[number];

/** An account of a product in our words; or why it is left out, which is no fault of the file. */
export type Translated =
  | { readonly fields: Fields; readonly isUnverified: boolean }
  | { readonly skipped: string }
  | { readonly refused: string };

/** How the export of a product is read. */
export interface Product {
  readonly name: ProductName;
  readonly title: string;
  /** The key of its users in a JSON document; null for an array; undefined where it has no document. */
  readonly list?: string | null;
  /** Of CSV without a header row. */
  readonly columns?: readonly string[];
  /** Keys of which each user has one, and no other product's has. */
  readonly marks: readonly string[];
  readonly translate: (user: Fields) => Translated;
}

/** JSON and the products' CSV say yes in several words. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(?:true|t)$/i.test(value));
}

/** Text, or undefined for anything else and for the empty text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function objectOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** @param value milliseconds since 1970, as a number or in digits. */
export function timeOfMillis(value: unknown): string | null {
  const millis = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof millis === 'number' && millis > 0 && millis < 8e15 ? new Date(millis).toISOString() : null;
}

/** As PostgreSQL and JSON write times; null where it cannot be read. */
export function timeOf(value: unknown): string | null {
  const text = textOf(value)
    ?.replace(' ', 'T')
    .replace(/([+-]\d\d)$/, '$1:00');
  const time = new Date(text ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

export const noAddress: Translated = { skipped: 'has no e-mail address' };
