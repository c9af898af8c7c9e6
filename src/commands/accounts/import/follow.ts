import { hash as digestOfText } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { isBareBcrypt, isPeppered, markPeppered } from '../../../accounts/passwords/forms/bcrypt.js';
import { eventKinds, type Known, type KnownAccounts } from './known.js';
import { type EntryOutcome, type ImportRun, presence, type Row, refused } from './outcome.js';
import { digestOf, type Tables } from './tables.js';

interface Change {
  readonly line: number;
  readonly id: string;
  readonly version: number;
  readonly email: string;
  readonly hash: string | null;
  readonly status: string;
  readonly hasNewHash: boolean;
  readonly changed: string;
  /** Of the entry in its batch. */
  readonly index: number;
}

/**
 * The guarded change: both versions rise, as with every command of ours, so all keys and tokens end. It holds only while
 * the account is as an import left it.
 */
const update = (tables: Tables) => `
  with given as (select * from json_to_recordset(?::json) as given(line int, id uuid, version int, email text, hash text,
    status text, "hasNewHash" boolean, changed text)),
  changed as (
    update ${tables.account} as account
       set email = given.email, status = given.status,
           password_hash = case when "hasNewHash" then given.hash else account.password_hash end,
           imported_digest = case when "hasNewHash" then ${digestOf('given.hash')} else account.imported_digest end,
           credential_version = account.credential_version + 1, session_version = account.session_version + 1,
           imported_version = account.credential_version + 1, credentials_changed_at = now()
      from given
     where account.id = given.id and account.credential_version = given.version
       and account.imported_version = given.version
       and (account.email = given.email
            or not exists (select from ${tables.account} as other where other.email = given.email))
    returning account.id, given.line, given.changed, credentials_changed_at as at
  ),
  events as (
    insert into ${tables.event} (kind, account_id, origin, detail)
    select '${eventKinds.updated}', id, 'command line',
           jsonb_build_object('run', ?::text, 'line', line, 'changed', changed) from changed
  )
  select id, at from changed`;

/** What a second run changes in accounts that an import made: see docs/decisions/import-follows.md. */
export class Followed {
  readonly #changes = new Map<string, Change>();

  constructor(
    private readonly known: KnownAccounts,
    private readonly run: ImportRun,
  ) {}

  /**
   * The result for an account that is there, which holds once `write` has run.
   *
   * @param index of the row in its batch.
   */
  outcome(row: Row, index: number, there: Known): EntryOutcome {
    const earlier = this.#changes.get(there.id);
    if (earlier) return refused(`the account was changed by line ${earlier.line}`);
    if (there.line !== null) return presence(row, there);
    if (there.importedVersion === null || there.importedVersion !== there.version) return { kind: 'kept' };
    const digest = row.hash === null ? null : digestOfText('sha256', row.hash);
    if (isBareBcrypt(row.hash) && (isPeppered(there.hash) || wasImportedAs(there, row.hash))) {
      return refused(
        'the hash of the account holds a pepper, and that of the file is said to hold none (--pepper-file)',
      );
    }
    const status = row.status ?? there.status;
    const changed = [
      ...(digest === there.importedDigest ? [] : ['hash']),
      ...(status === there.status ? [] : ['status']),
      ...(row.email === there.email ? [] : ['address']),
    ];
    if (changed.length === 0) return { kind: 'present' };
    if (changed.includes('address') && this.known.withAddress(row.email)) {
      return refused('its new address has an account already');
    }
    this.#changes.set(there.id, {
      ...{ line: row.line, id: there.id, version: there.version, email: row.email, hash: row.hash, status },
      ...{ hasNewHash: changed.includes('hash'), changed: changed.join(', '), index },
    });
    return { kind: 'updated' };
  }

  /**
   * Writes the changes, those of addresses one by one: two that swap theirs would meet in one statement.
   *
   * @returns the outcomes, where an account that was changed here meanwhile is kept.
   */
  async write(transaction: EntityManager, tables: Tables, outcomes: EntryOutcome[]): Promise<EntryOutcome[]> {
    const changes = [...this.#changes.values()];
    if (changes.length === 0 || this.run.dryRun) return outcomes;
    const hasAddress = ({ changed }: Change) => changed.includes('address');
    const together = changes.filter((change) => !hasAddress(change));
    const written = new Map<string, Date>();
    for (const part of [together, ...changes.filter(hasAddress).map((change) => [change])]) {
      if (part.length === 0) continue;
      const values = [JSON.stringify(part), this.run.id];
      const rows = await transaction.execute<{ id: string; at: string }[]>(update(tables), values);
      for (const { id, at } of rows) written.set(id, new Date(at));
    }
    for (const change of changes) await this.#tell(transaction, change, written.get(change.id));
    for (const { id, index } of changes) if (!written.has(id)) outcomes[index] = { kind: 'kept' };
    return outcomes;
  }
  /** @param at undefined if it was not written. */
  async #tell(transaction: EntityManager, { id, changed, status }: Change, at: Date | undefined): Promise<void> {
    const { events } = this.run;
    if (!events || !at) return;
    if (changed.includes('hash')) await events.record(transaction, 'password.changed', id, at);
    // The other kinds say by themselves that sessions end, or that there are none.
    if (changed === 'address') await events.record(transaction, 'sessions.ended', id, at);
    if (!changed.includes('status')) return;
    await events.record(transaction, status === 'disabled' ? 'account.disabled' : 'account.enabled', id, at);
  }
}

/** Whether the account came with this hash and its pepper; a sign-in may have renewed it since, so only the digest tells. */
function wasImportedAs(there: Known, hash: string | null): boolean {
  return hash !== null && digestOfText('sha256', markPeppered(hash)) === there.importedDigest;
}
