import type { Readable } from 'node:stream';
import type { EmailAddress } from '../../../accounts/email-address.js';
import { type AccountEntry, type EntryOptions, readEntry } from './entry.js';
import { expectProduct } from './products/products.js';
import { openRecords } from './records/records.js';
import { WrongForm } from './records/wrong-form.js';

/** Somebody of the old system whose password is known. */
export interface ProvedAccount {
  readonly email: EmailAddress;
  /** Whether the password opens the hash of this entry. */
  readonly opens: (entry: AccountEntry) => Promise<boolean>;
}

/**
 * Reads a file before the first account is added. CSV and documents are read to their end, because after a misplaced
 * quote or in a file that was cut nothing tells where the next account begins; lines of JSON only until the test
 * account, because there a fault is one line's.
 *
 * @throws WrongForm with the place of the fault, or if the test account's password does not open its hash.
 * @throws SourceBroken when the file cannot be read.
 */
export async function proveFile(source: Readable, options: EntryOptions, test?: ProvedAccount): Promise<void> {
  const { form, unit, all } = await openRecords(source, options.product);
  let isFirst = true;
  let isOpen = false;
  for await (const { number, fields } of all) {
    if (!fields) continue;
    if (isFirst) expectProduct(fields, options.product);
    isFirst = false;
    if (test && !isOpen) isOpen = await isOpened(fields, number, unit, options, test);
    if (form === 'lines' && (isOpen || !test)) break;
  }
  if (test && !isOpen) throw new WrongForm('the test account is not in the file');
}

async function isOpened(
  fields: Readonly<Record<string, unknown>>,
  number: number,
  unit: string,
  options: EntryOptions,
  { email, opens }: ProvedAccount,
): Promise<boolean> {
  const verdict = readEntry(fields, { ...options, keepUnverified: true });
  if (verdict.kind !== 'accepted' || verdict.entry.email !== email) return false;
  const { hash, digest } = verdict.entry;
  if (hash === null && !digest) throw new WrongForm(`the test account (${unit} ${number}) has no hash`);
  if (await opens(verdict.entry)) return true;
  throw new WrongForm(
    `the test account's hash (${unit} ${number}) does not open with its password: a pepper is missing, or it is of another form than it looks`,
  );
}
