import { writeFile } from 'node:fs/promises';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { dummyOf, nameOfWritten } from '../../accounts/passwords/forms/names.js';
import { checkTables } from '../../accounts/source/check-tables.js';
import { readFacts } from '../../accounts/source/facts.js';
import type { TableFault } from '../../accounts/source/verdict.js';
import type { Roles } from '../../services/grants.js';
import { told } from '../../settings/accounts/accounts-value.js';
import { readShape } from '../../settings/accounts/read-shape.js';
import type { Shape, WrittenForm } from '../../settings/accounts/shape.js';
import type { Schemas } from '../../stores/postgres/schemas.js';
import { CommandFailure, codeOf } from '../failure.js';
import { readCatalogue } from './catalogue/read-catalogue.js';
import { type Chosen, choose, type Given } from './choose.js';
import { inTransaction } from './in-transaction.js';
import type { Ask } from './open-choice.js';
import { grantsFor } from './rights/grants.js';
import type { AccountsFile } from './shapes/proposal.js';
import { type CountedKind, writtenLike } from './survey/hash-kinds.js';
import { foreignLetters, type LookUp, lookUpsOf } from './survey/look-ups.js';
import { type Survey, survey } from './survey/survey.js';

/** What `latchkey adopt` found and made. */
export interface Adoption {
  readonly framework: string;
  readonly because: readonly string[];
  readonly accounts: AccountsFile;
  readonly survey: Survey;
  readonly lookUps: readonly LookUp[];
  readonly advice: readonly string[];
  /** What has to be mended before a process starts with the file. */
  readonly faults: readonly TableFault[];
  readonly grants: readonly string[];
}

export interface AdoptDeps {
  readonly orm: MikroORM;
  readonly schemas: Schemas;
  /** Whether there is a `PASSWORD_PEPPER`, which then is that of the app. */
  readonly hasPepper?: boolean;
  /** The form of argon2id hashes by the settings: `argon2id m=19456,t=2,p=1`. */
  readonly argon2: { readonly memoryKib: number; readonly timeCost: number };
  readonly ask: Ask;
}

/**
 * Looks at an app's database and says how its accounts are adopted: reads the catalogue, chooses table and columns,
 * reads every row once, and finds indexes and rights. Changes nothing.
 *
 * @param write how the app hashes, if that was said.
 * @throws OpenChoice, CommandFailure, or the fault of the database.
 */
export async function adopt(deps: AdoptDeps, given: Given & { write?: WrittenForm }, roles: Roles): Promise<Adoption> {
  const { orm, schemas, ask } = deps;
  const catalogue = await inTransaction(orm, (em) => readCatalogue(em, schemas));
  const chosen = await choose(orm, catalogue, given, ask);
  const { proposal } = chosen;
  const plain = shapeOf(chosen.accounts);
  const surveyed = await inTransaction(orm, async (em) => {
    await expectCondition(em, plain);
    return survey(em, plain);
  });
  const bare = given.write ?? (await writeFor(chosen, surveyed.kinds, ask));
  const write = bare.format === 'bcrypt' && deps.hasPepper ? { ...bare, pepper: true as const } : bare;
  const spelling = await inTransaction(orm, (em) => spellingFor(em, { ...chosen.accounts, write }, chosen, surveyed));
  const { emailIsLowerCase, lookUps } = spelling;
  const accounts = { ...chosen.accounts, ...(emailIsLowerCase ? { emailIsLowerCase } : {}), write };
  const shape = shapeOf(accounts);
  const length = dummyOf(nameOfWritten(write, deps.argon2)).length;
  const { faults } = await inTransaction(orm, (em) => checkTables(em, shape, length));
  return {
    framework: proposal.framework,
    because: proposal.because,
    accounts,
    survey: surveyed,
    lookUps,
    advice: [...chosen.advice, ...adviceOn(surveyed), ...spelling.advice],
    faults,
    grants: await inTransaction(orm, (em) => grantsFor(em, shape, roles), 'rolled back'),
  };
}

/** @throws CommandFailure with the faults of the file. */
export function shapeOf(accounts: AccountsFile): Shape {
  const reading = readShape(accounts);
  if (reading.kind === 'Read') return reading.shape;
  throw new CommandFailure(reading.faults.map(told).join('; '));
}

/** @throws CommandFailure when `active` is no condition over the table. */
async function expectCondition(em: EntityManager, { table, active }: Shape): Promise<void> {
  try {
    await em.execute(`explain select 1 from ${table} where (${active}\n) is true`);
  } catch (error) {
    if (!/^42(?!501)/.test(codeOf(error) ?? '')) throw error;
    throw new CommandFailure(`--active: ${firstLine(error)}`, { cause: error });
  }
}

/** Of an error about a statement, which quotes that and no row. */
const firstLine = (error: unknown) => (error instanceof Error ? (error.message.split('\n')[0] ?? '') : '').trim();

async function writeFor({ proposal }: Chosen, kinds: readonly CountedKind[], ask: Ask): Promise<WrittenForm> {
  const known = writtenLike(kinds) ?? proposal.write;
  if (known) return known;
  const candidates = ['argon2id', 'bcrypt:10', 'pbkdf2_sha256:1000000', 'better-auth-scrypt'];
  return parseWrite(
    await ask({ about: 'how a new hash is written, so that the app reads it', option: '--write', candidates }),
  );
}

/** `argon2id`, `bcrypt:12`, `bcrypt:12:2y`, `pbkdf2_sha256:600000`, `better-auth-scrypt`. @throws CommandFailure */
export function parseWrite(text: string): WrittenForm {
  const [format = '', cost, mark = '2b'] = text.split(':');
  const prefix = `$${mark.replaceAll('$', '')}$`;
  const number = cost === undefined ? undefined : Number(cost);
  const parameters = format === 'bcrypt' ? { cost: number, prefix } : { iterations: number };
  const reading = readShape({ table: 't', write: { format, ...(number === undefined ? {} : parameters) } });
  if (reading.kind === 'Read') return reading.shape.write;
  throw new CommandFailure(
    '--write: allowed: argon2id, bcrypt:<cost from 4 to 14>, bcrypt:<cost>:<2a, 2b or 2y>, pbkdf2_sha256:<iterations>, better-auth-scrypt',
  );
}

/** By which spelling accounts are looked up: where only the plain column has an index, and nothing else is in it, by that. */
async function spellingFor(
  em: EntityManager,
  accounts: AccountsFile,
  { proposal }: Chosen,
  { isLowerCase }: Survey,
): Promise<{ emailIsLowerCase: boolean; lookUps: LookUp[]; advice: string[] }> {
  const shape = shapeOf(accounts);
  const lookUps = await lookUpsOf(em, shape);
  const letters = await foreignLetters(em, shape, await readFacts(em, shape));
  const byLanguage = letters
    ? [
        `the collation of the addresses (${letters}) lower-cases by the rules of a language: an address with capitals may not be found`,
      ]
    : [];
  const [ofAddress] = lookUps;
  if (ofAddress?.index || !isLowerCase) return { emailIsLowerCase: false, lookUps, advice: byLanguage };
  const asWritten = await lookUpsOf(em, shapeOf({ ...accounts, emailIsLowerCase: true }));
  const [served] = asWritten;
  if (!served?.index) return { emailIsLowerCase: false, lookUps, advice: byLanguage };
  if (proposal.storesLowerCase) return { emailIsLowerCase: true, lookUps: asWritten, advice: [] };
  const both = `every address is in lower case now: with "emailIsLowerCase": true the index ${served.index} serves, and none is to be made, as long as the app stores addresses so`;
  return { emailIsLowerCase: false, lookUps, advice: [both, ...byLanguage] };
}

function adviceOn({ rows, active, kinds }: Survey): string[] {
  const unread = kinds.filter(({ isRead }) => !isRead).reduce((sum, each) => sum + each.rows, 0);
  return [
    ...(rows > 0 && active === 0 ? ['"active" holds for nobody, so nobody could recover'] : []),
    ...(unread > 0
      ? [`no hash that is verified here: ${unread} of ${active}; with SIGN_IN=on these people begin with a recovery`]
      : []),
  ];
}

/** Writes the file. @throws CommandFailure when there is one already, unless it may be replaced. */
export async function writeAccounts(path: string, accounts: AccountsFile, mayReplace: boolean): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(accounts, null, 2)}\n`, { flag: mayReplace ? 'w' : 'wx' });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST')
      throw new CommandFailure(`${path} is there already; --force replaces it, --output names another`);
    throw new CommandFailure(`${path} cannot be written (${code ?? 'unknown reason'})`, { cause: error });
  }
}
