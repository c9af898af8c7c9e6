import type { AccountStatus } from '../../../accounts/account.entity.js';
import { type EmailAddress, parseEmailAddress } from '../../../accounts/email-address.js';
import { isBareBcrypt, markPeppered } from '../../../accounts/passwords/forms/bcrypt.js';
import { type HashForm, parseImportedHash } from '../../../accounts/passwords/forms/imported-hash.js';
import { nameOfForm } from '../../../accounts/passwords/forms/names.js';
import { parseWeakDigest, type WeakDigest } from '../../../accounts/passwords/forms/wrapped.js';
import type { Product } from './products/product.js';
import type { Fields } from './records/record.js';

/** An account as a record of the file describes it. */
export interface AccountEntry {
  readonly id: string | undefined;
  readonly email: EmailAddress;
  /** Null: the account has no password; its owner has to set one by a reset. */
  readonly hash: string | null;
  /** The name of the form of `hash`. */
  readonly form: string | undefined;
  /** A digest of one round, which is stored wrapped (`wrapping.ts`); then `hash` is null before that. */
  readonly digest?: WeakDigest;
  readonly locale: string | null;
  /** Undefined: the file does not say. */
  readonly status: AccountStatus | undefined;
  /** ISO 8601. */
  readonly createdAt: string | undefined;
  /** The name of the account in the old system. */
  readonly externalId: string | undefined;
}

export type EntryVerdict =
  | {
      readonly kind: 'accepted';
      readonly entry: AccountEntry;
      /** The password was left out, because nobody has confirmed the address. */
      readonly isUnverified?: boolean;
    }
  | { readonly kind: 'refused' | 'skipped'; readonly reason: string };

/** The names of an import's members and columns. */
export const entryKeys = ['id', 'external_id', 'email', 'hash', 'locale', 'status', 'createdAt'] as const;
const known: ReadonlySet<string> = new Set(entryKeys);
/** RFC 9562, section 4. The database accepts other spellings too, but one id must have one spelling. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** RFC 3339, section 5.6, with upper-case letters. */
const instant = /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3}(\d{0,3})\d{0,3})?(?:Z|[+-]\d\d:\d\d)$/;
/** UTF-16 code units. */
const longestExternalId = 255;

/** What an import accepts beyond the usual bounds, and how it reads. */
export interface EntryOptions {
  /** Accept hashes whose verification costs more than the usual bound. */
  readonly allowExpensive?: boolean;
  /** Refuse a record with a key that is not ours, instead of counting it. */
  readonly strict?: boolean;
  /** Keep passwords of addresses that nobody has confirmed. */
  readonly keepUnverified?: boolean;
  /** bcrypt hashes hold a pepper, and are marked so. */
  readonly hasPepper?: boolean;
  readonly product?: Product | undefined;
}

/**
 * Reads one record of an import. The reason of a refusal never repeats a value, because it may be a misplaced hash.
 *
 * @param onUnknown called with each key that is not ours; exports of products have many, and are not looked at.
 */
export function readEntry(
  record: Fields,
  options: EntryOptions = {},
  onUnknown: (key: string) => void = () => undefined,
): EntryVerdict {
  const { product, strict, keepUnverified } = options;
  if (product) {
    const translated = product.translate(record);
    if ('skipped' in translated) return { kind: 'skipped', reason: translated.skipped };
    if ('refused' in translated) return refused(translated.refused);
    const isWithheld = translated.isUnverified && !keepUnverified && Boolean(translated.fields.hash);
    // Nobody else's password may open an account of an address that its owner never confirmed (docs/decisions).
    const fields = isWithheld ? { ...translated.fields, hash: null } : translated.fields;
    const verdict = readFields(fields, options);
    return isWithheld && verdict.kind === 'accepted' ? { ...verdict, isUnverified: true } : verdict;
  }
  for (const key of Object.keys(record)) {
    if (known.has(key)) continue;
    const name = isPlainName(key) ? key : undefined;
    if (strict) return refused(`has a key other than ${entryKeys.join(', ')}${name ? `: ${name}` : ''}`);
    onUnknown(name ?? 'a key that is no plain name');
  }
  return readFields(record, options);
}

function readFields(fields: Fields, options: EntryOptions): EntryVerdict {
  const { id, external_id: externalId, email, hash, locale, status, createdAt } = fields;
  if (email === undefined || email === null) return refused('email is missing');
  if (hash === undefined) return refused('hash is missing (null where there is no password)');
  if (typeof email !== 'string' || (typeof hash !== 'string' && typeof hash !== 'object')) {
    return refused('email and hash are not both text');
  }
  const parsedId = typeof id === 'string' ? parseUuid(id) : undefined;
  if (!parsedId && isGiven(id)) return refused('id is not a UUID');
  if (isGiven(externalId) && !isExternalId(externalId)) {
    return refused(`external_id is not text of 1 to ${longestExternalId} characters`);
  }
  if (isGiven(locale) && typeof locale !== 'string') return refused('locale is not text');
  if (isGiven(status) && status !== 'active' && status !== 'disabled') {
    return refused('status is neither active nor disabled');
  }
  const created = isGiven(createdAt) ? parseInstant(createdAt) : undefined;
  if (isGiven(createdAt) && !created) return refused('createdAt is not a time as 2024-05-01T12:00:00Z');
  const address = parseEmailAddress(email);
  if (!address) return refused('email is not one plain address');
  const verdict = readHash(hash, options);
  if (verdict.kind === 'refused') return refused(verdict.reason);
  const entry: AccountEntry = {
    id: parsedId,
    email: address,
    hash: verdict.hash,
    form: verdict.form && nameOfForm(verdict.form),
    ...(verdict.digest ? { digest: verdict.digest } : {}),
    locale: isGiven(locale) ? locale : null,
    status: isGiven(status) ? status : undefined,
    createdAt: created,
    externalId: isGiven(externalId) ? externalId : undefined,
  };
  return { kind: 'accepted', entry };
}

type ReadHash =
  | { readonly kind: 'accepted'; readonly hash: string | null; readonly form?: HashForm; readonly digest?: WeakDigest }
  | { readonly kind: 'refused'; readonly reason: string };

function readHash(hash: string | object | null, { allowExpensive = false, hasPepper }: EntryOptions): ReadHash {
  if (hash === null) return { kind: 'accepted', hash };
  if (typeof hash === 'string') {
    const verdict = parseImportedHash(hash, { allowExpensive });
    if (verdict.kind === 'refused' || !hasPepper || !isBareBcrypt(hash)) return verdict;
    return { ...verdict, hash: markPeppered(verdict.hash) };
  }
  const verdict = parseWeakDigest(hash);
  return verdict.kind === 'refused' ? verdict : { ...verdict, hash: null };
}

/** The UUID in the database's spelling (lower case), or undefined if the text is none. */
export function parseUuid(text: string): string | undefined {
  return uuid.test(text) ? text.toLowerCase() : undefined;
}

function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

function isExternalId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > longestExternalId) return false;
  return value.isWellFormed() && !/\p{Cc}/u.test(value);
}

function parseInstant(value: unknown): string | undefined {
  const [text, micros = ''] = (typeof value === 'string' && instant.exec(value)) || [];
  const time = new Date(text ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().replace('Z', `${micros}Z`);
}

function isPlainName(key: string): boolean {
  return /^[A-Za-z_]{1,24}$/.test(key);
}

function refused(reason: string): EntryVerdict {
  return { kind: 'refused', reason };
}
