import { type EmailAddress, parseEmailAddress } from '../../../accounts/email-address.js';
import { parseImportedHash } from '../../../accounts/passwords/forms/imported-hash.js';

/** An account as a line of the file describes it. */
export interface AccountEntry {
  readonly id: string | undefined;
  readonly email: EmailAddress;
  /** Null: the account has no password; its owner has to set one by a reset. */
  readonly hash: string | null;
  readonly locale: string | null;
}

export type EntryVerdict =
  | { readonly kind: 'accepted'; readonly entry: AccountEntry }
  | { readonly kind: 'refused'; readonly reason: string };

const keys = ['id', 'email', 'hash', 'locale'];
/** RFC 9562, section 4. The database accepts other spellings too, but one id must have one spelling. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What an import accepts beyond the usual bounds. */
export interface EntryOptions {
  /** Accept hashes whose verification costs more than the usual bound. */
  readonly allowExpensive?: boolean;
}

/** Reads one line of an import. The reason of a refusal never repeats a value, because it may be a misplaced hash. */
export function readEntry(text: string, options: EntryOptions = {}): EntryVerdict {
  const fields = parseObject(text);
  if (!fields) return refused('is not a JSON object');
  const unknown = Object.keys(fields).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    return refused(`has a key other than ${keys.join(', ')}${isPlainName(unknown) ? `: ${unknown}` : ''}`);
  }
  const { id, email, hash, locale } = fields;
  if (email === undefined || email === null) return refused('email is missing');
  if (hash === undefined) return refused('hash is missing (null where there is no password)');
  if (typeof email !== 'string' || (typeof hash !== 'string' && hash !== null)) {
    return refused('email and hash are not both text');
  }
  const parsedId = typeof id === 'string' ? parseUuid(id) : undefined;
  if (!parsedId && id !== undefined && id !== null) return refused('id is not a UUID');
  if (typeof locale !== 'string' && locale !== undefined && locale !== null) return refused('locale is not text');
  const address = parseEmailAddress(email);
  if (!address) return refused('email is not one plain address');
  const verdict = hash === null ? ({ kind: 'accepted', hash } as const) : parseImportedHash(hash, options);
  if (verdict.kind === 'refused') return verdict;
  return { kind: 'accepted', entry: { id: parsedId, email: address, hash: verdict.hash, locale: locale ?? null } };
}

/** The UUID in the database's spelling (lower case), or undefined if the text is none. */
export function parseUuid(text: string): string | undefined {
  return uuid.test(text) ? text.toLowerCase() : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isPlainName(key: string): boolean {
  return /^[A-Za-z_]{1,24}$/.test(key);
}

function refused(reason: string): EntryVerdict {
  return { kind: 'refused', reason };
}
