import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { formerQueueSchema } from '../../jobs/queue/former-queue.js';
import { databaseTimeouts } from '../../stores/postgres/pool.js';
import { identifier, literal, type Schemas } from '../../stores/postgres/schemas.js';
import { SchemaRefused } from './make-schemas.js';
import { standIn } from './stand-ins.js';

type Em = Pick<SqlEntityManager, 'execute'>;

/** The tables of the last version, in the order in which its transactions lock them. */
const tables = [
  'account',
  'reset_receipt',
  'password_form',
  'audit_event',
  'audit_refusal',
  'data_key',
  'latchkey_migration',
] as const;

/** Functions of the last version that name no schema in their body but find their table by a path of their own. */
const functions = ['count_refusals(jsonb)', 'erase_old_refusals(integer)'] as const;

/**
 * Where the last version, which had no schema of its own, keeps its tables: the first schema of this role's search path
 * with a table of our migrations beside one of accounts. An app's own table `account` is left alone.
 *
 * @returns undefined if there are none, or if our tables are in our schema already.
 */
export async function formerHome(em: Em, { own }: Schemas): Promise<string | undefined> {
  const [found] = await em.execute<{ schema: string }[]>(
    `select nspname as schema
       from unnest(current_schemas(false)) with ordinality as path (name, turn)
       join pg_namespace n on nspname = path.name
      where nspname <> ? and to_regclass(?) is null
        and (select count(*) from pg_class
              where relnamespace = n.oid and relkind = 'r' and relname in ('account', 'latchkey_migration')) = 2
      order by turn limit 1`,
    [own, `${identifier(own)}.latchkey_migration`],
  );
  return found?.schema;
}

/**
 * Moves tables and functions into our schema, in the caller's transaction, and puts views in their place for processes
 * of the last version (see `stand-ins.ts`). Waits for all tables together as long as a migration may wait for one.
 *
 * @throws Error with the code of a lock that is held (55P03); SchemaRefused when the tables belong to another role.
 */
export async function moveTables(transaction: Em, from: string, { own }: Schemas): Promise<void> {
  const [place, home] = [identifier(own), identifier(from)];
  const present = await transaction.execute<{ name: string; owner: string; owned: boolean }[]>(
    `select relname as name, pg_get_userbyid(relowner) as owner, pg_has_role(relowner, 'USAGE') as owned
       from pg_class join pg_namespace n on n.oid = relnamespace
      where nspname = ? and relkind = 'r' and relname in (${tables.map(literal).join(', ')})`,
    [from],
  );
  const foreign = present.find(({ owned }) => !owned);
  if (foreign) {
    throw new SchemaRefused(
      `the tables of the last version, in the schema ${from}, belong to the role ${foreign.owner}, so this role cannot move them to ` +
        `the schema ${own}: run this as ${foreign.owner}, or hand them over (docs/operate.md#upgrade)`,
    );
  }
  const names = tables.filter((table) => present.some(({ name }) => name === table));
  await lockAll(
    transaction,
    names.map((name) => `${home}.${name}`),
  );
  for (const name of names) await transaction.execute(`alter table ${home}.${name} set schema ${place}`);
  for (const signature of functions) {
    if (!(await isThere(transaction, `${home}.${signature}`))) continue;
    await transaction.execute(`alter function ${home}.${signature} set schema ${place}`);
    await transaction.execute(`alter function ${place}.${signature} set search_path = ${place}, pg_temp`);
  }
  const erase = 'erase_old_audit_events(integer)';
  if (await isThere(transaction, `${home}.${erase}`)) {
    await transaction.execute(`alter function ${home}.${erase} set schema ${place}`);
    await transaction.execute(eraseOldAuditEvents(place));
  }
  for (const name of names.filter((each) => each !== 'latchkey_migration'))
    await standIn(transaction, home, place, name);
}

/** After the migrations: the worker reads where the last version's queue is. */
export async function rememberHome(transaction: Em, from: string, { own }: Schemas): Promise<void> {
  await transaction.execute(`insert into ${identifier(own)}.former_home (tables, queue) values (?, ?)`, [
    from,
    formerQueueSchema,
  ]);
}

/** `lock_timeout` is for each lock, and all others wait behind the first one; so all together have that time. */
async function lockAll(transaction: Em, names: readonly string[]): Promise<void> {
  await transaction.execute(`set local statement_timeout = ${databaseTimeouts.migrationLock}`);
  try {
    await transaction.execute(`lock table ${names.join(', ')} in access exclusive mode`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '57014') throw error;
    throw Object.assign(new Error('the tables are in use', { cause: error }), { code: '55P03' });
  }
  await transaction.execute('set local statement_timeout = 0');
}

async function isThere(em: Em, signature: string): Promise<boolean> {
  const [row] = await em.execute<{ is: boolean }[]>('select to_regprocedure(?) is not null as is', [signature]);
  return row?.is ?? false;
}

/** Its body names the schema. As the migration `erase-audit-events` makes it; rights and owner stay. */
const eraseOldAuditEvents = (place: string) => `
  create or replace function ${place}.erase_old_audit_events(most integer) returns bigint
    language sql security definer set search_path = pg_catalog, pg_temp as $body$
      with erased as (
        delete from ${place}.audit_event where id in (
          select id from ${place}.audit_event where at < now() - interval '400 days' limit most) returning 1)
      select count(*) from erased
    $body$`;
