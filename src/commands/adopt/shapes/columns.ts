import { type Catalogue, type Column, columnNamed, hasColumns, plain, type Table } from '../catalogue/table.js';
import type { KnownShape } from './known-shapes.js';
import type { Condition } from './proposal.js';

const endedAt = /^(?:deleted|archived|disabled|deactivated|suspended|banned|blocked|discarded|anonymi[sz]ed)(?:at|on)$/;
const verifiedAt = /^(?:email)?(?:verified|confirmed|activated)(?:at|on)?$/;
const isOn = /^(?:is)?(?:active|enabled)$/;
const isVerified = /^(?:is)?(?:email)?(?:verified|confirmed)$/;
const isOff = /^(?:is)?(?:deleted|archived|disabled|deactivated|suspended|banned|blocked|ssouser)$/;
const offUntil = /^(?:banned|blocked|suspended)until$/;

/** Who may recover, by the names and types of columns. */
export function conditionsOf({ columns }: Table): Condition[] {
  return columns.flatMap((column): Condition[] => {
    const { sql, category, isNullable, isGenerated } = column;
    const name = plain(column.name);
    const one = (text: string, isVerification = false) => [{ sql: text, isVerification }];
    if (isGenerated) return [];
    if (category === 'D') {
      if (endedAt.test(name)) return one(`${sql} IS NULL`);
      if (verifiedAt.test(name)) return one(`${sql} IS NOT NULL`, true);
      if (offUntil.test(name)) return one(`(${sql} IS NULL OR ${sql} < now())`);
    }
    if (category === 'B') {
      if (isOn.test(name)) return one(sql);
      if (isVerified.test(name)) return one(sql, true);
      if (isOff.test(name)) return one(isNullable ? `${sql} IS NOT TRUE` : `NOT ${sql}`);
    }
    return [];
  });
}

/** Now, for a column of that type: times without a zone are UTC, as most frameworks write them. */
function nowFor({ type }: Pick<Column, 'type'>, timesOfSession: boolean): string {
  return type === 'timestamp' && !timesOfSession ? `timezone('UTC', now())` : 'now()';
}

const changedAt = /^(?:updatedat|modifiedat|passwordchangedat|passwordupdatedat)$/;
const version = /^(?:token|session|jwt)version$/;

/** What the app's own reset changes (see `KnownShape`). */
export type Habits = Pick<KnownShape, 'clears' | 'empties' | 'timesOfSession'>;

/** What changes with the hash. */
export function assignmentsOf(
  holder: Table,
  { clears, empties = [], timesOfSession = false }: Habits,
): Record<string, string> {
  // What a view does with a column, only its maker knows.
  if (holder.kind === 'view') return {};
  const found = holder.columns.flatMap((column): [string, string][] => {
    const name = plain(column.name);
    if (column.isGenerated) return [];
    if (clears.includes(name)) {
      return [[column.sql, column.isNullable && !empties.includes(name) ? 'NULL' : `''`]];
    }
    if (changedAt.test(name) && column.category === 'D') return [[column.sql, nowFor(column, timesOfSession)]];
    if (version.test(name) && column.category === 'N') return [[column.sql, `${column.sql} + 1`]];
    return [];
  });
  return Object.fromEntries(found);
}

const sessionTable = /^(?:users?|accounts?|login|auth)?(?:sessions?|refreshtokens?)$/;

/** Statements that end the app's own sessions: of tables of sessions whose rows name the account. */
export function sessionsOf(catalogue: Catalogue, table: Table, id: string): string[] {
  const type = table.columns.find(({ name }) => name === id)?.type;
  return catalogue.flatMap((other) => {
    if (other.kind !== 'table' || other.schema !== table.schema || !sessionTable.test(plain(other.name))) return [];
    const key = other.foreignKeys.find((each) => each.table === table.sql)?.column;
    const named = columnNamed(other, 'userid', 'accountid', 'ownerid');
    const owner = other.columns.find(({ name }) => name === (key ?? named?.name));
    return owner && owner.type === type ? [`DELETE FROM ${other.sql} WHERE ${owner.sql} = :id`] : [];
  });
}

/** What the operator adds for sessions whose account stands in JSON, under a name that the app alone knows (connect-pg-simple). */
export function sessionsInJson(catalogue: Catalogue, table: Table): string[] {
  const found = catalogue.filter((other) => {
    const isJson = columnNamed(other, 'sess')?.type.startsWith('json') ?? false;
    return other.kind === 'table' && other.schema === table.schema && isJson && hasColumns(other, 'sid', 'expire');
  });
  return found.map(
    ({ sql }) =>
      `the sessions in ${sql} hold the id of their account in JSON, under a name that only the app knows: to end them, add to the file ` +
      `"also": ["DELETE FROM ${sql} WHERE sess ->> 'userId' = :id"], with Passport sess -> 'passport' ->> 'user'`,
  );
}

/** The language of the mails, where a column holds one. */
export function localeOf(table: Table): string | undefined {
  const found = columnNamed(
    table,
    'locale',
    'language',
    'lang',
    'preferredlanguage',
    'preferredlocale',
    'languagecode',
  );
  return found?.category === 'S' ? found.sql : undefined;
}
