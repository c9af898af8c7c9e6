import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { parseIdentifier } from '../../settings/accounts/identifier.js';
import { CommandFailure } from '../failure.js';
import { type Catalogue, isHashLike, isText, type Table } from './catalogue/table.js';
import { inTransaction } from './in-transaction.js';
import { type Ask, OpenChoice } from './open-choice.js';
import type { AccountsFile, Proposal } from './shapes/proposal.js';
import { bareProposal, proposalsIn } from './shapes/proposals.js';

/** What an operator may say in place of a question. Names of tables and columns are quoted as in SQL. */
export interface Given {
  readonly table?: string;
  readonly id?: string;
  readonly email?: string;
  readonly passwordHash?: string;
  readonly active?: string;
}

export interface Chosen {
  readonly proposal: Proposal;
  /** Without `write`, which the hashes tell. */
  readonly accounts: AccountsFile;
  readonly advice: readonly string[];
}

/** Tables that are listed where none looks like one of accounts. */
const mostListed = 20;

/**
 * Chooses the table and its columns: by what is given, by what is recognised, or by asking. No transaction is open while
 * a person thinks.
 *
 * @throws OpenChoice, or CommandFailure when what is given is not there.
 */
export async function choose(orm: MikroORM, catalogue: Catalogue, given: Given, ask: Ask): Promise<Chosen> {
  const proposal = await chooseTable(catalogue, given, ask);
  const { table, holder } = proposal;
  const columnIn = (of: Table, key: 'id' | 'email' | 'passwordHash', found: readonly string[], about: string) => {
    const fits = key === 'passwordHash' ? isHashLike : key === 'email' ? isText : () => true;
    return chooseColumn(of, { about, option: optionOf[key], text: given[key], found, fits }, ask);
  };
  const id = await columnIn(table, 'id', proposal.ids, 'the column with the id');
  const email = await columnIn(table, 'email', proposal.emails, 'the column with the address');
  const passwordHash = await columnIn(holder, 'passwordHash', proposal.hashes, 'the column with the hash');
  const { active, advice } = await inTransaction(orm, (em) => conditionOf(em, proposal, given.active));
  const { table: name, passwordTable, ...rest } = proposal.accounts;
  const accounts: AccountsFile = {
    table: name,
    ...(id === 'id' ? {} : { id }),
    ...(email === 'email' ? {} : { email }),
    passwordHash,
    ...(passwordTable ? { passwordTable } : {}),
    ...(active ? { active } : {}),
    ...rest,
  };
  return { proposal, accounts, advice: [...proposal.advice, ...advice] };
}

const optionOf = { id: '--id', email: '--email', passwordHash: '--password-hash' } as const;

async function chooseTable(catalogue: Catalogue, { table }: Given, ask: Ask): Promise<Proposal> {
  const proposals = proposalsIn(catalogue);
  if (table !== undefined) return proposalFor(catalogue, proposals, table);
  const [best] = proposals;
  const surest = proposals.filter(({ rank }) => rank === best?.rank);
  if (best && surest.length === 1) return best;
  const candidates = best ? surest.map((each) => each.table.sql) : catalogue.slice(0, mostListed).map(({ sql }) => sql);
  return proposalFor(
    catalogue,
    proposals,
    await ask({ about: 'the table of the accounts', option: '--table', candidates }),
  );
}

function proposalFor(catalogue: Catalogue, proposals: readonly Proposal[], text: string): Proposal {
  const parts = parseIdentifier(text);
  const [name, schema = 'public'] = [...(parts ?? [])].reverse();
  const table = catalogue.find((each) => each.name === name && each.schema === schema);
  if (!table) {
    const known = proposals.map((each) => each.table.sql).join(', ');
    throw new CommandFailure(
      `--table: there is no table or view ${text} that this role may see${known ? `; there are ${known}` : ''}`,
    );
  }
  return proposals.find((each) => each.table === table) ?? bareProposal(catalogue, table);
}

interface Wanted {
  readonly about: string;
  readonly option: string;
  readonly text: string | undefined;
  readonly found: readonly string[];
  readonly fits: (column: Table['columns'][number]) => boolean;
}

async function chooseColumn(table: Table, { about, option, text, found, fits }: Wanted, ask: Ask): Promise<string> {
  const [only] = found;
  if (text === undefined && only !== undefined && found.length === 1) return only;
  const candidates = found.length > 0 ? found : table.columns.filter(fits).map(({ sql }) => sql);
  if (text === undefined && candidates.length === 0) throw new OpenChoice({ about, option, candidates });
  const answer = text ?? (await ask({ about: `${about} of ${table.sql}`, option, candidates }));
  const [name] = parseIdentifier(answer) ?? [];
  const column = table.columns.find((each) => each.name === name);
  if (column) return column.sql;
  throw new CommandFailure(
    `${option}: ${table.sql} has no column ${answer}; there are ${table.columns.map(({ sql }) => sql).join(', ')}`,
  );
}

/**
 * Who may recover. A condition that says "verified" is left out where it holds for nobody: many apps have the column
 * and no verification.
 */
async function conditionOf(
  em: EntityManager,
  { conditions, table }: Proposal,
  given: string | undefined,
): Promise<{ active: string | undefined; advice: string[] }> {
  if (given !== undefined) return { active: given, advice: [] };
  const tried = conditions.filter(({ isVerification }) => isVerification);
  const holds = tried.map(({ sql }, at) => `exists (select from ${table.sql} where ${sql}) as "${at}"`);
  const [row] =
    tried.length === 0
      ? []
      : await em.execute<Record<string, boolean>[]>(
          `select exists (select from ${table.sql}) as "isFilled", ${holds.join(', ')}`,
        );
  const idle = row?.isFilled ? tried.filter((_, at) => !row[at]) : [];
  const kept = conditions.filter((each) => !idle.includes(each)).map(({ sql }) => sql);
  return {
    active: kept.length > 0 ? kept.join(' AND ') : undefined,
    advice: idle.map(({ sql }) => `"active" leaves out ${sql}, which holds for no row`),
  };
}
