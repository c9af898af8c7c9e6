import type { EntityManager } from '@mikro-orm/postgresql';
import { readFacts } from '../../../accounts/source/facts.js';
import type { Shape } from '../../../settings/accounts/shape.js';
import { type Finding, mostListed, surveyAddresses } from './addresses.js';
import { type CountedKind, isReadKind, kindInSql } from './hash-kinds.js';
import { everyAccount } from './rows.js';

/** What the rows of an app's accounts say. */
export interface Survey {
  readonly rows: number;
  /** Accounts that may recover; everything below is of these. */
  readonly active: number;
  readonly kinds: readonly CountedKind[];
  readonly findings: readonly Finding[];
  /** Every address is in lower case, by the rules of the database. */
  readonly isLowerCase: boolean;
}

interface Counted {
  readonly active: boolean;
  readonly hashes: number;
  readonly kind: string;
  readonly rows: number;
  readonly nameless: number;
  readonly raised: number;
}

const of = (accounts: string, condition: string) =>
  `select latchkey_id as id from (${accounts}) as latchkey_each where latchkey_active and ${condition} limit ${mostListed}`;

/**
 * Reads every row, in a few passes, with little memory. Changes nothing.
 *
 * @param em in a transaction.
 */
export async function survey(em: EntityManager, shape: Shape): Promise<Survey> {
  const accounts = everyAccount(shape, await readFacts(em, shape));
  const counted = await em.execute<Counted[]>(`
    select latchkey_active as active, least(latchkey_hashes, 2) as hashes, ${kindInSql('latchkey_hash')} as kind,
           count(*)::float8 as rows, count(*) filter (where latchkey_email is null)::float8 as nameless,
           count(*) filter (where latchkey_raised)::float8 as raised
      from (${accounts}) as latchkey_each group by 1, 2, 3`);
  const active = counted.filter((each) => each.active);
  const one = active.filter(({ hashes }) => hashes === 1);
  const kinds = one.map(({ kind: name, rows }) => ({ name, rows, isRead: isReadKind(name) }));
  const listed = async (reason: string, count: number, condition: string): Promise<Finding[]> => {
    if (count === 0) return [];
    const rows = await em.execute<{ id: string }[]>(of(accounts, condition));
    return [{ reason, count, first: rows.map(({ id }) => ({ ids: [id], address: null })) }];
  };
  const sum = (list: readonly Counted[], key: 'rows' | 'nameless' | 'raised') => {
    return list.reduce((total, each) => total + each[key], 0);
  };
  const withHashes = (count: number) => active.filter(({ hashes }) => hashes === count);
  return {
    rows: sum(counted, 'rows'),
    active: sum(active, 'rows'),
    kinds: kinds.sort((first, second) => second.rows - first.rows || (first.name < second.name ? -1 : 1)),
    isLowerCase: sum(counted, 'raised') === 0,
    findings: [
      ...(await listed('have no address (NULL)', sum(active, 'nameless'), 'latchkey_email is null')),
      ...(await surveyAddresses(em, accounts)),
      ...(await listed('have no row for a hash: they get no mail', sum(withHashes(0), 'rows'), 'latchkey_hashes = 0')),
      ...(await listed(
        'have several rows for a hash: they get no mail',
        sum(withHashes(2), 'rows'),
        'latchkey_hashes > 1',
      )),
    ],
  };
}
