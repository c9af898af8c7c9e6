import { type Catalogue, columnNamed, hasColumns, isHashLike, isText, plain, type Table } from '../catalogue/table.js';
import { assignmentsOf, conditionsOf, type Habits, localeOf, sessionsInJson, sessionsOf } from './columns.js';
import { type KnownShape, knownShapes } from './known-shapes.js';
import type { Proposal } from './proposal.js';

const addressNames = ['email', 'emailaddress', 'mail', 'useremail'];
/** Where an address may stand if no column is named after one. */
const loginNames = ['username', 'login', 'identifier'];
const hashNames =
  /^(?:user)?(?:(?:password|passwd|pwd|pass)(?:hash|digest|encrypted)?|(?:hashed|encrypted|crypted)(?:password|pwd|pass))$/;
const usualNames = /^(?:app|auth)?(?:users?|accounts?|members?|customers?|people|person|logins?)$/;

/** How sure a proposal is: a product that we know, a name that says it, columns that fit. */
const ranks = { known: 3, named: 2, fitting: 1 } as const;

/** Every place where accounts may live, the surest first. */
export function proposalsIn(catalogue: Catalogue): Proposal[] {
  return catalogue.flatMap((table) => proposalOf(catalogue, table) ?? []).sort((one, other) => other.rank - one.rank);
}

/** What may be proposed for one table; undefined if no column may hold an address, or none a hash. */
export function proposalOf(catalogue: Catalogue, table: Table): Proposal | undefined {
  for (const known of knownShapes) {
    const holder = known.isFor(table) ? holderOf(catalogue, table, known) : undefined;
    if (holder) return ofKnown(catalogue, table, holder, known);
  }
  return plainly(catalogue, table);
}

function holderOf(catalogue: Catalogue, table: Table, { holder, hash }: KnownShape): Table | undefined {
  if (!holder) return hasColumns(table, hash) ? table : undefined;
  const fits = (other: Table) => other !== table && other.schema === table.schema && hasColumns(other, ...holder.has);
  return catalogue.find(fits);
}

function ofKnown(catalogue: Catalogue, table: Table, holder: Table, known: KnownShape): Proposal {
  const [email, hash] = [columnNamed(table, known.email), columnNamed(holder, known.hash)];
  const more = known.conditions?.(table) ?? [];
  const other = known.holder && {
    table: holder.sql,
    accountId: columnNamed(holder, known.holder.accountId)?.sql ?? '',
    ...(known.holder.where ? { where: known.holder.where(holder) } : {}),
  };
  return {
    ...common(catalogue, table, holder, known, other),
    framework: known.name,
    rank: ranks.known,
    emails: email ? [email.sql] : [],
    hashes: hash ? [hash.sql] : [],
    conditions: [...conditionsOf(table), ...more.map((sql) => ({ sql, isVerification: false }))],
    because: known.because,
    advice: [...known.advice, ...sessionsInJson(catalogue, table)],
    storesLowerCase: known.storesLowerCase,
    write: known.write,
  };
}

/** A table that nobody made for us, by the names of its columns. */
function plainly(catalogue: Catalogue, table: Table): Proposal | undefined {
  const named = (names: readonly string[]) => {
    return table.columns.filter((each) => isText(each) && names.includes(plain(each.name)));
  };
  const addresses = named(addressNames);
  const emails = addresses.length > 0 ? addresses : named(loginNames);
  const inTable = hashesIn(table);
  const holder = inTable.length > 0 ? table : catalogue.find((other) => holdsHashesOf(other, table));
  if (emails.length === 0 || !holder) return undefined;
  const owner = ownerColumn(holder, table);
  const other = holder === table ? undefined : { table: holder.sql, accountId: owner ?? '' };
  const isNamed = usualNames.test(plain(table.name));
  return {
    ...common(catalogue, table, holder, noHabits, other),
    framework: 'plain',
    rank: isNamed ? ranks.named : ranks.fitting,
    emails: emails.map(({ sql }) => sql),
    hashes: hashesIn(holder).map(({ sql }) => sql),
    conditions: conditionsOf(table),
    because: [
      ...(isNamed ? ['its name'] : []),
      ...emails.map(({ sql }) => sql),
      ...hashesIn(holder).map(({ sql }) => sql),
    ],
    advice: sessionsInJson(catalogue, table),
    storesLowerCase: false,
    write: undefined,
  };
}

/** A table that was named, in which neither an address nor a hash was recognised. */
export function bareProposal(catalogue: Catalogue, table: Table): Proposal {
  return {
    ...common(catalogue, table, table, noHabits, undefined),
    framework: 'plain',
    rank: ranks.fitting,
    emails: [],
    hashes: [],
    conditions: conditionsOf(table),
    because: [],
    advice: sessionsInJson(catalogue, table),
    storesLowerCase: false,
    write: undefined,
  };
}

const hashesIn = (table: Table) => {
  return table.columns.filter((each) => isHashLike(each) && hashNames.test(plain(each.name)));
};

const holdsHashesOf = (holder: Table, table: Table) =>
  holder !== table &&
  holder.kind === 'table' &&
  hashesIn(holder).length > 0 &&
  ownerColumn(holder, table) !== undefined;

/** The column of one table that names a row of another: by a foreign key. */
function ownerColumn(holder: Table, table: Table): string | undefined {
  const key = holder.foreignKeys.find((each) => each.table === table.sql);
  return holder.columns.find(({ name }) => name === key?.column)?.sql;
}

const noHabits: Habits = { clears: [] };

function common(
  catalogue: Catalogue,
  table: Table,
  holder: Table,
  habits: Habits,
  passwordTable: Proposal['accounts']['passwordTable'],
): Pick<Proposal, 'table' | 'holder' | 'ids' | 'accounts'> {
  const key = table.columns.find(({ name }) => name === table.key) ?? columnNamed(table, 'id', 'uuid', 'userid');
  const [locale, set] = [localeOf(table), assignmentsOf(holder, habits)];
  const also = key ? sessionsOf(catalogue, table, key.name) : [];
  return {
    table,
    holder,
    ids: key ? [key.sql] : [],
    accounts: {
      table: table.sql,
      ...(locale ? { locale } : {}),
      ...(passwordTable ? { passwordTable } : {}),
      ...(Object.keys(set).length > 0 ? { set } : {}),
      ...(also.length > 0 ? { also } : {}),
    },
  };
}
