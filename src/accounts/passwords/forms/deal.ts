import type { EntityManager } from '@mikro-orm/postgresql';
import { ours } from '../../../stores/postgres/schemas.js';
import { formName, formNameInSql } from './names.js';

/** An account that was just added. */
export interface AddedHash {
  readonly email: string;
  readonly hash: string | null;
  /** The name of the hash's form, where it is known already. */
  readonly form?: string | undefined;
}

const countAll = (table: string, hashes: string) => `
  insert into ${table} (domain, form, dealt)
  select coalesce(domain, ''), form, count(*)
    from (select split_part(email, '@', 2) as domain, ${formNameInSql('password_hash')} as form
            from (${hashes}) as hashes) as each
   where form is not null
   group by grouping sets ((domain, form), (form))
  on conflict (domain, form) do update set dealt = excluded.dealt`;
const addSome = (table: string) => `
  insert into ${table} as password_form (domain, form, dealt)
  select domain, form, n from json_to_recordset(?::json) as given(domain text, form text, n bigint)
   order by domain, form
  on conflict (domain, form) do update set dealt = password_form.dealt + excluded.dealt`;

/**
 * Counts the forms of all active accounts anew, in one scan of the table, and replaces `password_form` by the result.
 *
 * @param hashes SQL: `email` and `password_hash` of the active accounts.
 */
export async function dealAnew(transaction: EntityManager, hashes = ownHashes(transaction)): Promise<void> {
  const table = ours(transaction, 'password_form');
  // The lock makes renewals wait for the commit; readers see the state before it.
  await transaction.execute(`lock table ${table} in share row exclusive mode`);
  await transaction.execute(`delete from ${table} where domain <> ''`);
  // The rows of all forms stay, with the count 0, so that `keepDealt` does not count anew because of a missing one.
  await transaction.execute(`update ${table} set dealt = 0, renewed = 0 where domain = ''`);
  await transaction.execute(countAll(table, hashes));
}

function ownHashes(em: EntityManager): string {
  return `select email, password_hash from ${ours(em, 'account')} where status = 'active'`;
}

/** The counts of one import: its first batch counts all accounts anew, later batches are added. */
export class ImportDeal {
  #begun = false;

  /** In the transaction that adds the accounts, so that dummies get the new forms at the same time as accounts. */
  async note(transaction: EntityManager, added: readonly AddedHash[]): Promise<void> {
    if (added.length === 0) return;
    if (!this.#begun) {
      await dealAnew(transaction);
      this.#begun = true;
      return;
    }
    const table = ours(transaction, 'password_form');
    await transaction.execute(`lock table ${table} in share row exclusive mode`);
    await transaction.execute(addSome(table), [JSON.stringify(countsOf(added))]);
  }
}

function countsOf(added: readonly AddedHash[]): { domain: string; form: string; n: number }[] {
  const counts = new Map<string, { domain: string; form: string; n: number }>();
  for (const { email, hash, form = formName(hash) } of added) {
    if (form === undefined) continue;
    for (const domain of ['', domainOf(email)]) {
      const name = `${domain} ${form}`;
      const count = counts.get(name) ?? { domain, form, n: 0 };
      if (count.n === 0) counts.set(name, count);
      count.n++;
    }
  }
  return [...counts.values()];
}

export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1);
}
