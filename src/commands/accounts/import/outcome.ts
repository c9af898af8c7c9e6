import type { CredentialEvents } from '../../../accounts/credential-events.js';
import type { ImportDeal } from '../../../accounts/passwords/forms/deal.js';
import type { AccountEntry } from './entry.js';
import type { Known } from './known.js';

/** The result for one entry; `kept`: the account was changed here since, and stays as it is. */
export type EntryOutcome =
  | { readonly kind: 'added' | 'present' | 'updated' | 'kept' }
  | { readonly kind: 'refused'; readonly reason: string };

/** An entry with its line number in the file. */
export interface NumberedEntry extends AccountEntry {
  readonly line: number;
}

/** An entry as it goes to the database. */
export type Row = Omit<NumberedEntry, 'id' | 'form' | 'digest'> & { readonly id: string; readonly idGiven: boolean };

/** One import: its id in the audit events, and whether it is a dry run. */
export interface ImportRun {
  readonly id: string;
  readonly dryRun: boolean;
  /** Lets accounts that nobody has changed here follow the file. */
  readonly update?: boolean;
  /** Counts the forms of the added hashes, in the same commit. */
  readonly deal: ImportDeal;
  /** Tells other services of what `update` changes, in the same commit. */
  readonly events?: Pick<CredentialEvents, 'record'> | undefined;
}

/** The result for a line whose address has an account, which is not to be changed. */
export function presence(row: Row, there: Known): EntryOutcome {
  if (there.line === null || there.hash === row.hash) return { kind: 'present' };
  return refused(`the address was added by line ${there.line} with another hash`);
}

export function refused(reason: string): EntryOutcome {
  return { kind: 'refused', reason };
}
