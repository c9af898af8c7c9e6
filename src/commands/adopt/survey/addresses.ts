import type { EntityManager } from '@mikro-orm/postgresql';
import { parseEmailAddress } from '../../../accounts/email-address.js';
import { literal } from '../../../stores/postgres/schemas.js';
import { inBatches } from './in-batches.js';

/** Accounts of which one thing is to be told. */
export interface Finding {
  readonly reason: string;
  readonly count: number;
  /** The first of them; accounts that share something stand together. */
  readonly first: readonly { readonly ids: readonly string[]; readonly address: string | null }[];
}

/** Rows that are listed of each finding, and ids that are listed of each row. */
export const mostListed = 20;
const mostIds = 5;

/**
 * A part of what our parser takes, as PostgreSQL tells it: nearly every address there is. Only the others are read and
 * parsed. No label of a domain has two hyphens, so none is encoded. Lengths are told beside it, because a bound on a
 * repetition makes the expression twenty times slower (2 µs without).
 */
const simple = '^[A-Za-z0-9_+-]+(?:[.][A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*[.])+[A-Za-z][A-Za-z]+$';

/**
 * SQL, true only for what `parseEmailAddress` takes: the local part has at most 64 characters, and the domain no more
 * than one label may have. `email` is SQL of a text under the collation "C".
 */
export function isSimple(email: string): string {
  return `(strpos(${email}, '@') <= 65 and length(split_part(${email}, '@', 2)) <= 63 and ${email} ~ ${literal(simple)})`;
}

/** As our parser spells a simple address. */
const spelled = (email: string) => `lower(btrim(${email}, ' '))`;

class Found {
  readonly #findings = new Map<string, { count: number; first: { ids: string[]; address: string | null }[] }>();

  add(reason: string, ids: readonly string[], address: string | null): void {
    const finding = this.#findings.get(reason) ?? { count: 0, first: [] };
    finding.count++;
    if (finding.first.length < mostListed) finding.first.push({ ids: ids.slice(0, mostIds), address });
    this.#findings.set(reason, finding);
  }

  all(): Finding[] {
    return [...this.#findings].map(([reason, finding]) => ({ reason, ...finding }));
  }
}

/** Foreign spellings that are compared with other rows: a bound on what a strange table takes of memory. */
const mostForeign = 20_000;

/**
 * Names the active accounts to which no mail would go, and those that share an address.
 *
 * @param accounts SQL: see `everyAccount`.
 */
export async function surveyAddresses(em: EntityManager, accounts: string): Promise<Finding[]> {
  const active = `from (${accounts}) as latchkey_each where latchkey_active`;
  const found = new Found();
  const foreign = new Map<string, string[]>();
  const others = `select latchkey_id as id, latchkey_email as email ${active} and latchkey_email is not null and not ${isSimple('latchkey_email')}`;
  await inBatches<{ id: string; email: string }>(em, others, ({ id, email }) => {
    const parsed = parseEmailAddress(email);
    if (!parsed) found.add(refusalOf(email), [id], email);
    else if (parsed !== asciiSpelling(email) && foreign.size < mostForeign) {
      foreign.set(parsed, [...(foreign.get(parsed) ?? []), id]);
    }
  });
  const shared = `select ${spelled('latchkey_email')} as email, count(*)::int as count ${active} and latchkey_email like '%@%' group by 1 having count(*) > 1`;
  const twice: string[] = [];
  let count = 0;
  await inBatches<{ email: string }>(em, shared, ({ email }) => {
    if (!parseEmailAddress(email) || foreign.has(email)) return;
    count++;
    if (twice.length < mostListed) twice.push(email);
  });
  const several = await accountsOf(em, active, twice, new Map());
  const alsoForeign = await accountsOf(em, active, [...foreign.keys()], foreign);
  const groups = [...several, ...alsoForeign];
  if (groups.length === 0) return found.all();
  const first = groups.slice(0, mostListed).map(({ ids, address }) => ({ ids: ids.slice(0, mostIds), address }));
  return [
    ...found.all(),
    { reason: 'have one address together; each gets a mail of its own', count: count + alsoForeign.length, first },
  ];
}

/** Those of these addresses that several accounts have. @param known accounts that have one in another spelling. */
async function accountsOf(
  em: EntityManager,
  active: string,
  addresses: readonly string[],
  known: ReadonlyMap<string, readonly string[]>,
): Promise<{ ids: string[]; address: string }[]> {
  if (addresses.length === 0) return [];
  const ids = new Map(addresses.map((each) => [each, [...(known.get(each) ?? [])]]));
  const list = addresses.map(literal).join(', ');
  const same = `select latchkey_id as id, ${spelled('latchkey_email')} as email ${active} and ${spelled('latchkey_email')} in (${list})`;
  await inBatches<{ id: string; email: string }>(em, same, ({ id, email }) => {
    const group = ids.get(email);
    if (group && group.length < mostIds) group.push(id);
  });
  return [...ids].filter(([, each]) => each.length > 1).map(([address, each]) => ({ address, ids: each }));
}

function asciiSpelling(email: string): string {
  return email.replace(/^ +| +$/g, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function refusalOf(email: string): string {
  if (email.trim() === '') return 'have an empty address';
  if (email.length > 254) return 'have an address of more than 254 characters';
  return 'have an address that is not one plain e-mail address';
}
