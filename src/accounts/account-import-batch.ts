import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AccountEntry } from './account-import-entry.js';
import type { Accounts } from './accounts.js';

/** What became of an entry, in the order of the batch. */
export type EntryOutcome =
  | { readonly kind: 'added' | 'present' }
  | { readonly kind: 'refused'; readonly reason: string };

type Row = Omit<AccountEntry, 'id'> & { readonly id: string; readonly idGiven: boolean; readonly place: number };
interface Known {
  readonly id: string;
  readonly email: string;
}

const given = `select * from json_to_recordset(?::json) as given(place int, id uuid, email text, hash text, locale text)`;
/**
 * One statement for the accounts and their audit events: each is there exactly if the other is. In the order of the file,
 * so that of contradicting lines the first is kept.
 */
const insertWithEvents = `
  with given as (${given}),
  added as (
    insert into account (id, email, password_hash, locale, status)
    select id, email, hash, locale, 'active' from given order by place
    on conflict do nothing
    returning id
  ),
  events as (
    insert into audit_event (kind, account_id, origin) select 'account.imported', id, 'command line' from added
  )
  select id from added`;
/** What the whole file would add, kept beside the accounts and only for this connection. */
const rehearsalTable = `create temporary table if not exists account_rehearsal (id uuid primary key, email text unique)`;
const rehearse = `
  with given as (${given})
  insert into account_rehearsal (id, email)
  select id, email from given
  where not exists (select from account where account.id = given.id)
    and not exists (select from account where account.email = given.email)
  order by place
  on conflict do nothing
  returning id`;
/** Two look-ups by index each, where one `or` would read the whole table. */
const findKnown = (table: string) => `
  select account.id, account.email from ${table} as account join (${given}) as given on account.id = given.id
  union
  select account.id, account.email from ${table} as account join (${given}) as given on account.email = given.email`;

/**
 * Adds accounts, many in one statement and one transaction. An address that is there already is left as it is, so that
 * a file can be imported again after an interruption, and what its owner changed since then stays.
 *
 * @param dryRun tells what would become of the entries, and leaves the accounts as they are.
 */
export function importBatch(
  accounts: Accounts,
  entries: readonly AccountEntry[],
  dryRun: boolean,
): Promise<EntryOutcome[]> {
  const rows = entries.map((entry, place): Row => {
    return { ...entry, id: entry.id ?? randomUUID(), idGiven: entry.id !== undefined, place };
  });
  const json = JSON.stringify(rows);
  return accounts.transaction(async (transaction) => {
    if (dryRun) await transaction.execute(rehearsalTable);
    const inserted = await transaction.execute<{ id: string }[]>(dryRun ? rehearse : insertWithEvents, [json]);
    const added = new Set(inserted.map(({ id }) => id));
    const isSimple = added.size === rows.length;
    const known = isSimple
      ? []
      : await knownOf(transaction, json, dryRun ? ['account', 'account_rehearsal'] : ['account']);
    const byEmail = new Map(known.map((each) => [each.email, each]));
    const byId = new Map(known.map((each) => [each.id, each]));
    return rows.map((row): EntryOutcome => {
      const there = isSimple ? row : byEmail.get(row.email);
      // Of equal lines in one batch the first was added; the others find it.
      if (there?.id === row.id) return { kind: added.delete(row.id) ? 'added' : 'present' };
      if (there) return row.idGiven ? refused('the address has an account with another id') : { kind: 'present' };
      return refused(
        byId.has(row.id) ? 'the id has an account with another address' : 'was taken away while it was imported',
      );
    });
  });
}

async function knownOf(transaction: EntityManager, json: string, tables: readonly string[]): Promise<Known[]> {
  const found: Known[] = [];
  for (const table of tables) found.push(...(await transaction.execute<Known[]>(findKnown(table), [json, json])));
  return found;
}

function refused(reason: string): EntryOutcome {
  return { kind: 'refused', reason };
}
