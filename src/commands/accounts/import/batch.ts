import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Accounts } from '../../../accounts/accounts.js';
import type { ImportDeal } from '../../../accounts/passwords/forms/deal.js';
import type { EventKind } from '../../../audit/kinds.js';
import type { AccountEntry } from './entry.js';

/** What became of an entry, in the order of the batch. */
export type EntryOutcome =
  | { readonly kind: 'added' | 'present' }
  | { readonly kind: 'refused'; readonly reason: string };

/** An entry with the line that it stands in. */
export interface NumberedEntry extends AccountEntry {
  readonly line: number;
}
type Row = Omit<NumberedEntry, 'id'> & { readonly id: string; readonly idGiven: boolean };
/** An account that is there. */
interface Known {
  readonly id: string;
  readonly email: string;
  readonly hash: string | null;
  /** The line by which this run has added it, or would; otherwise null or undefined. */
  readonly line?: number | null;
}

const imported = 'account.imported' satisfies EventKind;

const given = `select * from json_to_recordset(?::json) as given(line int, id uuid, email text, hash text, locale text)`;
/**
 * One statement for the accounts and their audit events: each is there exactly if the other is. In the order of the file,
 * so that of contradicting lines the first is kept. The event remembers the run and the line, by which a later line for
 * the same address is told from one that was there before.
 */
const insertWithEvents = `
  with given as (${given}),
  added as (
    insert into account (id, email, password_hash, locale, status)
    select id, email, hash, locale, 'active' from given order by line
    on conflict do nothing
    returning id, email
  ),
  events as (
    insert into audit_event (kind, account_id, origin, detail)
    select '${imported}', added.id, 'command line', jsonb_build_object('run', ?::text, 'line', min(given.line))
    from added join given on given.id = added.id and given.email = added.email group by added.id
  )
  select id from added`;
/** What the whole file would add, kept beside the accounts and only for this connection. */
const rehearsalTable = `create temporary table if not exists account_rehearsal
  (id uuid primary key, email text unique, password_hash text, line int)`;
const rehearse = `
  with given as (${given})
  insert into account_rehearsal (id, email, password_hash, line)
  select id, email, hash, line from given
  where not exists (select from account where account.id = given.id)
    and not exists (select from account where account.email = given.email)
  order by line
  on conflict do nothing
  returning id`;
/** Two look-ups by index each, where one `or` would read the whole table. */
const findKnown = (table: string, line: string) => `
  select account.id, account.email, account.password_hash as hash, ${line} as line
    from ${table} as account join (${given}) as given on account.id = given.id
  union
  select account.id, account.email, account.password_hash as hash, ${line} as line
    from ${table} as account join (${given}) as given on account.email = given.email`;
/** Of an account whose password has changed since, the file says nothing new. */
const lineOfRun = `case when account.credential_version = 1 then (
  select (detail ->> 'line')::int from audit_event
   where account_id = account.id and kind = '${imported}' and detail ->> 'run' = ? limit 1) end`;

/** How a run is to be told from others, and whether it leaves the accounts as they are. */
export interface ImportRun {
  readonly id: string;
  readonly dryRun: boolean;
  /** Gets what was added, in the same commit. */
  readonly deal: ImportDeal;
}

/**
 * Adds accounts, many in one statement and one transaction. An address that is there already is left as it is, so that
 * a file can be imported again after an interruption, and what its owner changed since then stays; but one that this run
 * has added with another hash is refused: one of two people would lose the password without a word.
 */
export function importBatch(
  accounts: Accounts,
  entries: readonly NumberedEntry[],
  run: ImportRun,
): Promise<EntryOutcome[]> {
  const rows = entries.map((entry): Row => {
    return { ...entry, id: entry.id ?? randomUUID(), idGiven: entry.id !== undefined };
  });
  const json = JSON.stringify(rows);
  return accounts.transaction(async (transaction) => {
    if (run.dryRun) await transaction.execute(rehearsalTable);
    const [statement, values] = run.dryRun ? [rehearse, [json]] : [insertWithEvents, [json, run.id]];
    const inserted = await transaction.execute<{ id: string }[]>(statement, values);
    const added = new Set(inserted.map(({ id }) => id));
    if (!run.dryRun)
      await run.deal.note(
        transaction,
        rows.filter(({ id }) => added.has(id)),
      );
    const isSimple = added.size === rows.length;
    const known = isSimple ? [] : await knownOf(transaction, json, run);
    const byEmail = new Map(known.map((each) => [each.email, each]));
    const byId = new Map(known.map((each) => [each.id, each]));
    return rows.map((row): EntryOutcome => {
      const there: Known | undefined = isSimple ? row : byEmail.get(row.email);
      // Of equal lines in one batch the first was added; the others find it.
      if (there?.id === row.id && added.delete(row.id)) return { kind: 'added' };
      if (there) return outcomeOf(row, there);
      return refused(
        byId.has(row.id) ? 'the id has an account with another address' : 'was taken away while it was imported',
      );
    });
  });
}

/** Of a line whose address has an account. */
function outcomeOf(row: Row, there: Known): EntryOutcome {
  if (row.idGiven && there.id !== row.id) return refused('the address has an account with another id');
  const first = there.line ?? undefined;
  if (first === undefined || there.hash === row.hash) return { kind: 'present' };
  return refused(`the address was added by line ${first} with another hash`);
}

async function knownOf(transaction: EntityManager, json: string, run: ImportRun): Promise<Known[]> {
  if (!run.dryRun) return transaction.execute<Known[]>(findKnown('account', lineOfRun), [run.id, json, run.id, json]);
  const before = await transaction.execute<Known[]>(findKnown('account', 'null::int'), [json, json]);
  return [
    ...before,
    ...(await transaction.execute<Known[]>(findKnown('account_rehearsal', 'account.line'), [json, json])),
  ];
}

function refused(reason: string): EntryOutcome {
  return { kind: 'refused', reason };
}
