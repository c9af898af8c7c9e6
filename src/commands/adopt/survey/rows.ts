import { hashAsText } from '../../../accounts/source/account-sql.js';
import type { Facts } from '../../../accounts/source/facts.js';
import type { Shape } from '../../../settings/accounts/shape.js';

/**
 * SQL: a row for each account: `latchkey_id`, `latchkey_email`, `latchkey_active`, `latchkey_hashes` (rows that hold a
 * hash), `latchkey_hash`, and whether the address has capitals, by the rules of its column (`latchkey_raised`). Texts compare by bytes. As in `AccountSql`, a fragment of the shape has only its own table
 * in reach.
 */
export function everyAccount(shape: Shape, facts: Facts): string {
  const { table, id, email, active, passwordTable: other } = shape;
  const hash = `(${hashAsText(shape, facts)}) collate "C"`;
  const columns = `${id} as latchkey_key, ${id}::text as latchkey_id, ${email}::text collate "C" as latchkey_email,
    (${active}\n) is true as latchkey_active,
    (${email}::text collate "C") <> (lower(${email}::text) collate "C") as latchkey_raised`;
  if (!other) return `select ${columns}, 1 as latchkey_hashes, ${hash} as latchkey_hash from ${table}`;
  return `select latchkey_account.*, coalesce(latchkey_count, 0) as latchkey_hashes, latchkey_hash
    from (select ${columns} from ${table}) as latchkey_account
    left join (select ${other.accountId} as latchkey_owner, count(*)::int as latchkey_count, min(${hash}) as latchkey_hash
                 from ${other.table} where (${other.where}\n) group by 1) as latchkey_password
      on latchkey_owner = latchkey_key`;
}
