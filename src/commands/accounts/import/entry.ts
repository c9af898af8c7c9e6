import { type EmailAddress, parseEmailAddress } from '../../../accounts/email-address.js';
import { parseImportedHash } from '../../../accounts/passwords/forms/imported-hash.js';

/** An account as a file tells it. */
export interface AccountEntry {
  readonly id: string | undefined;
  readonly email: EmailAddress;
  /** Null: the account has no password, and its owner begins with a recovery. */
  readonly hash: string | null;
  readonly locale: string | null;
}

export type EntryVerdict =
  | { readonly kind: 'accepted'; readonly entry: AccountEntry }
  | { readonly kind: 'refused'; readonly reason: string };

const keys = ['id', 'email', 'hash', 'locale'];
/** RFC 9562, section 4; the database reads other spellings too, but then one id would have several. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What an import may take beside the usual. */
export interface EntryOptions {
  /** Hashes whose verification costs more than one sign-in usually may. */
  readonly allowExpensive?: boolean;
}

/** Reads one line of an import. A reason never repeats a value: it may be a hash in the wrong place. */
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

/** In the database's spelling, or undefined. */
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
