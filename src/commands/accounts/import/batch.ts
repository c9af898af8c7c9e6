import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Accounts } from '../../../accounts/accounts.js';
import type { ImportDeal } from '../../../accounts/passwords/forms/deal.js';
import type { EventKind } from '../../../audit/kinds.js';
import { ours } from '../../../stores/postgres/schemas.js';
import type { AccountEntry } from './entry.js';

/** The result for one entry. */
export type EntryOutcome =
  | { readonly kind: 'added' | 'present' }
  | { readonly kind: 'refused'; readonly reason: string };

/** An entry with its line number in the file. */
export interface NumberedEntry extends AccountEntry {
  readonly line: number;
}
type Row = Omit<NumberedEntry, 'id'> & { readonly id: string; readonly idGiven: boolean };
/** An account that exists. */
interface Known {
  readonly id: string;
  readonly email: string;
  readonly hash: string | null;
  /**
   * The number of the line by which this run added it (or would, in a dry run); null or undefined if it existed before.
   */
  readonly line?: number | null;
}

const imported = 'account.imported' satisfies EventKind;

const given = `select * from json_to_recordset(?::json) as given(line int, id uuid, email text, hash text, locale text)`;
/**
 * One statement inserts the accounts and their audit events, so neither is written without the other. The order of the
 * file is kept, so that of contradicting lines the first wins. The event stores the run and the line, so that a later
 * line of the same file for this address can be told from an account that existed before the run.
 */
const insertWithEvents = (tables: Tables) => `
  with given as (${given}),
  added as (
    insert into ${tables.account} (id, email, password_hash, locale, status)
    select id, email, hash, locale, 'active' from given order by line
    on conflict do nothing
    returning id, email
  ),
  events as (
    insert into ${tables.event} (kind, account_id, origin, detail)
    select '${imported}', added.id, 'command line', jsonb_build_object('run', ?::text, 'line', min(given.line))
    from added join given on given.id = added.id and given.email = added.email group by added.id
  )
  select id from added`;
/** For a dry run: the accounts that the whole file would add, in a temporary table of this connection. */
const rehearsal = 'pg_temp.account_rehearsal';
const rehearsalTable = `create temporary table if not exists account_rehearsal
  (id uuid primary key, email text unique, password_hash text, line int)`;
const rehearse = ({ account }: Tables) => `
  with given as (${given})
  insert into ${rehearsal} (id, email, password_hash, line)
  select id, email, hash, line from given
  where not exists (select from ${account} account where account.id = given.id)
    and not exists (select from ${account} account where account.email = given.email)
  order by line
  on conflict do nothing
  returning id`;
/** Two look-ups by index; one query with `or` would read the whole table. */
const findKnown = (table: string, line: string) => `
  select account.id, account.email, account.password_hash as hash, ${line} as line
    from ${table} as account join (${given}) as given on account.id = given.id
  union
  select account.id, account.email, account.password_hash as hash, ${line} as line
    from ${table} as account join (${given}) as given on account.email = given.email`;
/**
 * The line of this run that added the account; null if its password has changed since, because then the file is out of
 * date.
 */
const lineOfRun = ({ event }: Tables) => `case when account.credential_version = 1 then (
  select (detail ->> 'line')::int from ${event}
   where account_id = account.id and kind = '${imported}' and detail ->> 'run' = ? limit 1) end`;

/** Our tables, with their schema. */
interface Tables {
  readonly account: string;
  readonly event: string;
}

/** One import: its id in the audit events, and whether it is a dry run. */
export interface ImportRun {
  readonly id: string;
  readonly dryRun: boolean;
  /** Counts the forms of the added hashes, in the same commit. */
  readonly deal: ImportDeal;
}

/**
 * Adds accounts, many in one statement and one transaction. An existing account is not changed, so that a file can be
 * imported again after an interruption without undoing what an owner changed meanwhile. But if this run has added the
 * address with another hash, the line is refused: otherwise one of two people would silently lose the password.
 *
 * @returns the results in the order of `entries`.
 * @throws the database's error; then nothing of the batch was added.
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
    const tables = { account: ours(transaction, 'account'), event: ours(transaction, 'audit_event') };
    const [statement, values] = run.dryRun ? [rehearse(tables), [json]] : [insertWithEvents(tables), [json, run.id]];
    const inserted = await transaction.execute<{ id: string }[]>(statement, values);
    const added = new Set(inserted.map(({ id }) => id));
    if (!run.dryRun)
      await run.deal.note(
        transaction,
        rows.filter(({ id }) => added.has(id)),
      );
    const isSimple = added.size === rows.length;
    const known = isSimple ? [] : await knownOf(transaction, tables, json, run);
    const byEmail = new Map(known.map((each) => [each.email, each]));
    const byId = new Map(known.map((each) => [each.id, each]));
    return rows.map((row): EntryOutcome => {
      const there: Known | undefined = isSimple ? row : byEmail.get(row.email);
      // Of equal lines in one batch the first was added; the others find that account.
      if (there?.id === row.id && added.delete(row.id)) return { kind: 'added' };
      if (there) return outcomeOf(row, there);
      return refused(
        byId.has(row.id) ? 'the id has an account with another address' : 'the account was deleted during the import',
      );
    });
  });
}

/** The result for a line whose address has an account. */
function outcomeOf(row: Row, there: Known): EntryOutcome {
  if (row.idGiven && there.id !== row.id) return refused('the address has an account with another id');
  const first = there.line ?? undefined;
  if (first === undefined || there.hash === row.hash) return { kind: 'present' };
  return refused(`the address was added by line ${first} with another hash`);
}

async function knownOf(transaction: EntityManager, tables: Tables, json: string, run: ImportRun): Promise<Known[]> {
  if (!run.dryRun) {
    const statement = findKnown(tables.account, lineOfRun(tables));
    return transaction.execute<Known[]>(statement, [run.id, json, run.id, json]);
  }
  const before = await transaction.execute<Known[]>(findKnown(tables.account, 'null::int'), [json, json]);
  return [...before, ...(await transaction.execute<Known[]>(findKnown(rehearsal, 'account.line'), [json, json]))];
}

function refused(reason: string): EntryOutcome {
  return { kind: 'refused', reason };
}
