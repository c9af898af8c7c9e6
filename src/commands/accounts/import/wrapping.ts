import { availableParallelism } from 'node:os';
import type { Accounts } from '../../../accounts/accounts.js';
import { wrap } from '../../../accounts/passwords/forms/wrapped.js';
import type { Argon2Settings } from '../../../accounts/passwords/password-hash.js';
import type { AccountEntry } from './entry.js';
import { findKnown } from './known.js';
import type { ImportRun, NumberedEntry } from './outcome.js';
import { tablesOf } from './tables.js';

/** Digests in a batch: some seconds of work, so that progress is seen and an interruption is heard. */
export const digestsInBatch = 100;

/**
 * The entries with argon2id around each digest of one round. Accounts that were there before this run, and stay as they
 * are, are left out, so that an import that was interrupted soon goes on where it was. A dry run puts the digest itself
 * there, because nothing is stored, unless it has to compare it with what an import brought.
 */
export async function wrapDigests(
  accounts: Accounts,
  entries: readonly NumberedEntry[],
  run: ImportRun,
  cost: Argon2Settings,
): Promise<NumberedEntry[]> {
  if (!entries.some(({ digest }) => digest)) return [...entries];
  const isStored = !run.dryRun || run.update === true;
  const present = isStored && !run.update ? await presentBefore(accounts, entries, run) : new Set<string>();
  const wrapped = [...entries];
  const left = entries.flatMap(({ digest, email }, index) => (digest && !present.has(email) ? [index] : []));
  const work = async () => {
    for (let index = left.pop(); index !== undefined; index = left.pop()) {
      const entry = entries[index];
      if (entry)
        wrapped[index] = { ...entry, hash: isStored ? await hashOf(entry, cost) : JSON.stringify(entry.digest) };
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return wrapped;
}

/** The hash that is stored for an entry, or null. */
export async function hashOf({ digest, email, hash }: AccountEntry, cost: Argon2Settings): Promise<string | null> {
  return digest ? wrap(digest, email, cost) : hash;
}

/** Addresses of accounts that this run has not added. */
async function presentBefore(
  accounts: Accounts,
  entries: readonly NumberedEntry[],
  run: ImportRun,
): Promise<ReadonlySet<string>> {
  const json = JSON.stringify(entries.map(({ line, id, email, externalId }) => ({ line, id, email, externalId })));
  return accounts.transaction(async (transaction) => {
    const known = await findKnown(transaction, tablesOf(transaction), json, run);
    return new Set(entries.map(({ email }) => email).filter((email) => known.withAddress(email)?.line === null));
  });
}
