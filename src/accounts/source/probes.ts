import { withId } from '../../settings/accounts/fragment.js';
import { nameOf } from '../../settings/accounts/identifier.js';
import type { Shape } from '../../settings/accounts/shape.js';
import { AccountSql, assignment, type Quote } from './account-sql.js';
import type { Facts } from './facts.js';
import type { Duties } from './verdict.js';

/** A statement that is explained, and the key to name if it cannot be. */
export interface Probe {
  readonly key: string;
  readonly statement: string;
  /** Which duty brings it. */
  readonly duty: keyof Duties;
  /** Made of fragments that have probes of their own, so it tells nothing where one of these failed. */
  readonly isWhole?: true;
}

/** Stands for the id of an account. */
const anyId = '\0 any id';

function whole(probe: Probe): Probe {
  return { ...probe, isWhole: true };
}

/** Each fragment on its own, so that a fault names its key; then every statement as a whole. */
export function probesOf(shape: Shape, facts: Facts, quote: Quote, beside: string): Probe[] {
  const { table, id, active, locale, ends, passwordTable: other } = shape;
  const holder = other?.table ?? table;
  const sql = new AccountSql(shape, facts, quote, beside);
  const read = (key: string, statement: string): Probe => ({ key, statement, duty: 'findsByAddress' });
  const reset = (key: string, statement: string): Probe => ({ key, statement, duty: 'resets' });
  const inOther = other
    ? [
        read('passwordTable.where', `select 1 from ${other.table} where (${other.where}\n) is true`),
        read(
          'passwordTable.accountId',
          `select 1 from ${other.table}, (select ${id} as latchkey_key from ${table}) as latchkey_owner where ${other.accountId} = latchkey_key`,
        ),
      ]
    : [];
  const holderKey = other ? 'passwordTable.table' : 'table';
  const guard = { id: anyId, stamp: '', credentialVersion: 1, notAfter: new Date(0) };
  // A column in place of the id: a constant that no row can have would be planned away, with what is wrong beside it.
  const sqlWith = (column: string) => {
    return new AccountSql(shape, facts, (value) => (value === anyId ? column : quote(value)), beside);
  };
  const ofAnyId = sqlWith(id);
  return [
    read('id', `select ${id}::text from ${table} where ${id} = null`),
    read('active', `select 1 from ${table} where (${active}\n) is true`),
    read('locale', `select (${locale}\n)::text from ${table}`),
    ...ends.map((each, index) => read(`ends[${index}]`, `select record_send(row((${each}\n))) from ${table}`)),
    ...inOther,
    ...shape.set.map((each) =>
      reset(`set.${nameOf(each.column)}`, `update ${holder} set ${assignment(each)} where false`),
    ),
    whole(read('email', sql.findByAddress(['a@b.example', 'a@b.example'], 'a@b.example', true))),
    whole(reset('table', ofAnyId.findById(anyId, true))),
    whole(reset(holderKey, sqlWith(other?.accountId ?? id).lock(anyId))),
    whole(reset(holderKey, ofAnyId.write(guard, 'hash'))),
    ...shape.also.map((each, index) => reset(`also[${index}]`, withId(each, 'null'))),
  ];
}
