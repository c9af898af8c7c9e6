import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { isDatabaseAway, orUnavailable } from '../../calls/unavailable.js';
import type { Shape } from '../../settings/accounts/shape.js';
import { ours } from '../../stores/postgres/schemas.js';
import { quoteOf } from './account-sql.js';
import { checkTables } from './check-tables.js';
import { type Probe, probesOf } from './probes.js';
import { withRemedy } from './remedies.js';
import type { Duties, TableFault, Verdict } from './verdict.js';

const missingRight = '42501';
/** PostgreSQL says so with the code of a missing right. */
const hiddenRows = /row-level security/i;

/**
 * Explains every statement of the shape as the role that will run it. Nothing is run, and nothing of the app's is
 * locked but what planning locks. EXPLAIN checks rights, which PREPARE does not. Row-level security counts as a fault:
 * it would make an account that is there look like none.
 *
 * @param hashLength characters of the hashes that we write.
 * @throws Unavailable while the database is away.
 */
export async function checkShape(orm: MikroORM, shape: Shape, duties: Duties, hashLength: number): Promise<Verdict> {
  const em = orm.em.fork();
  const tables = await checkTables(em, shape, hashLength).catch((error: unknown) => forbiddenIn(error));
  if ('forbidden' in tables) return tables;
  const { faults, facts } = tables;
  if (faults.length > 0 || !facts) return { faults, forbidden: [] };
  const found: TableFault[] = [];
  const forbidden = new Set<string>();
  for (const probe of probesOf(shape, facts, quoteOf(orm.em), ours(orm, 'adopted_account'))) {
    if (probe.isWhole ? found.length > 0 : found.some(({ key }) => key === probe.key)) continue;
    const failure = await explain(em, probe);
    if (!failure) continue;
    const { code, message } = failure;
    if (code !== missingRight) found.push({ key: probe.key, fault: withRemedy(code, message) });
    else if (hiddenRows.test(message)) found.push({ key: probe.key, fault: hidden });
    else if (duties[probe.duty]) forbidden.add(message);
  }
  return { faults: found, forbidden: [...forbidden] };
}

/** Not even the name of a table can be looked up in a schema without USAGE. @throws what is no missing right. */
async function forbiddenIn(error: unknown): Promise<Verdict> {
  const { code, message } = origin(error);
  return code === missingRight ? { faults: [], forbidden: [message] } : orUnavailable(Promise.reject(error));
}

const hidden =
  'meets row-level security, which may hide rows from this role; give the role BYPASSRLS, or name a view whose owner sees every row';

async function explain(
  em: EntityManager,
  { statement }: Probe,
): Promise<{ code: string; message: string } | undefined> {
  try {
    await em.fork().transactional(async (transaction) => {
      await transaction.execute('set local row_security = off');
      await transaction.execute(`explain ${statement}`);
    });
    return undefined;
  } catch (error) {
    const { code, message } = origin(error);
    if (code === undefined || (code !== missingRight && isDatabaseAway(error)))
      return orUnavailable(Promise.reject(error));
    return { code, message };
  }
}

/** The error of the server below those of the drivers. Its message repeats nothing but the statement. */
function origin(error: unknown): { code: string | undefined; message: string } {
  let found: { code: string | undefined; message: string } = { code: undefined, message: '' };
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) found = { code, message: sentence(each.message) };
  }
  return found;
}

/** Drivers add lines with details and hints. */
function sentence(message: string): string {
  return (message.split('\n')[0] ?? '').trim();
}
