import { randomUUID } from 'node:crypto';
import type { Accounts } from '../../../accounts/accounts.js';
import { Followed } from './follow.js';
import { eventKinds, findKnown, type Known, KnownAccounts, rehearsal, rehearsalTable } from './known.js';
import { type EntryOutcome, type ImportRun, type NumberedEntry, presence, type Row, refused } from './outcome.js';
import { digestOf, given, type Tables, tablesOf } from './tables.js';

/**
 * One statement inserts the accounts and their audit events, so neither is written without the other. The order of the
 * file is kept, so that of contradicting lines the first wins. The event stores the run and the line, so that a later
 * line of the same file for this address can be told from an account that existed before the run.
 */
const insertWithEvents = (tables: Tables) => `
  with given as (${given}),
  added as (
    insert into ${tables.account} (id, email, password_hash, locale, status, created_at, external_id, imported_version,
                                   imported_digest)
    select id, email, hash, locale, coalesce(status, 'active'), coalesce("createdAt", now()), "externalId", 1,
           ${digestOf('hash')}
      from given order by line
    on conflict do nothing
    returning id, email
  ),
  events as (
    insert into ${tables.event} (kind, account_id, origin, detail)
    select '${eventKinds.added}', added.id, 'command line', jsonb_build_object('run', ?::text, 'line', min(given.line))
    from added join given on given.id = added.id and given.email = added.email group by added.id
  )
  select id from added`;
const rehearse = ({ account }: Tables) => `
  with given as (${given})
  insert into ${rehearsal} (id, email, password_hash, line, external_id, status, imported_digest)
  select id, email, hash, line, "externalId", coalesce(status, 'active'), ${digestOf('hash')} from given
  where not exists (select from ${account} account where account.id = given.id)
    and not exists (select from ${account} account where account.email = given.email)
    and not exists (select from ${account} account where account.external_id = given."externalId")
  order by line
  on conflict do nothing
  returning id`;

/**
 * Adds accounts, many in one statement and one transaction. An existing account is not changed, so that a file can be
 * imported again after an interruption without undoing what an owner changed meanwhile; with `update` it is, if an
 * import made it and nobody has changed it since. But if this run has added the address with another hash, the line is
 * refused: otherwise one of two people would silently lose the password.
 *
 * @returns the results in the order of `entries`.
 * @throws the database's error; then nothing of the batch was added.
 */
export function importBatch(
  accounts: Accounts,
  entries: readonly NumberedEntry[],
  run: ImportRun,
): Promise<EntryOutcome[]> {
  const rows = entries.map(({ digest: _, form: __, ...entry }): Row => {
    return { ...entry, id: entry.id ?? randomUUID(), idGiven: entry.id !== undefined };
  });
  const json = JSON.stringify(rows);
  return accounts.transaction(async (transaction) => {
    if (run.dryRun) await transaction.execute(rehearsalTable);
    const tables = tablesOf(transaction);
    const [statement, values] = run.dryRun ? [rehearse(tables), [json]] : [insertWithEvents(tables), [json, run.id]];
    const inserted = await transaction.execute<{ id: string }[]>(statement, values);
    const added = new Set(inserted.map(({ id }) => id));
    const dealt = rows.flatMap(({ id, status, email, hash }, index) =>
      added.has(id) && status !== 'disabled' ? [{ email, hash, form: entries[index]?.form }] : [],
    );
    if (!run.dryRun) await run.deal.note(transaction, dealt);
    const isSimple = added.size === rows.length;
    const known = isSimple ? new KnownAccounts([]) : await findKnown(transaction, tables, json, run);
    const followed = new Followed(known, run);
    const outcomes = rows.map((row, index): EntryOutcome => {
      const there = known.withAddress(row.email);
      // Of equal lines in one batch the first was added; the others find that account.
      if ((isSimple || there?.id === row.id) && added.delete(row.id)) return { kind: 'added' };
      const named = known.withExternalId(row.externalId) ?? (row.idGiven ? known.withId(row.id) : undefined);
      if (run.update && named) return followed.outcome(row, index, named);
      if (there)
        return mismatch(row, there) ?? (run.update ? followed.outcome(row, index, there) : presence(row, there));
      if (known.withId(row.id)) return refused('the id has an account with another address');
      return refused(
        named ? 'the external_id has an account with another address' : 'the account was deleted during the import',
      );
    });
    return followed.write(transaction, tables, outcomes);
  });
}

function mismatch(row: Row, there: Known): EntryOutcome | undefined {
  if (row.idGiven && there.id !== row.id) return refused('the address has an account with another id');
  const isOther = row.externalId !== undefined && there.externalId !== null && there.externalId !== row.externalId;
  return isOther ? refused('the address has an account with another external_id') : undefined;
}
