import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { identifier, literal } from '../../stores/postgres/schemas.js';

type Em = Pick<SqlEntityManager, 'execute'>;

/** How the names of the functions begin. */
const moved = 'latchkey_moved_';

/** `cannot_connect_now`: the last version answers `TemporarilyUnavailable` to it, and keeps the job for another try. */
const state = '57P03';

/**
 * Puts a view in the place of a table that was moved, for processes of the last version that still run: whatever they do
 * with it fails as if the database were starting. Without it, they would take the missing table for a fault of their own
 * and give jobs up. It depends on no table of ours, so it stands in the way of no later migration.
 *
 * Its rows are those of a function, of which the planner knows nothing: of columns that are constants it would see that
 * no row can fit, and answer "no such account" without calling anything.
 */
export async function standIn(transaction: Em, home: string, place: string, table: string): Promise<void> {
  const raise = `begin raise exception using errcode = '${state}',
    message = 'Latchkey''s tables have moved: replace this process'; end`;
  const [columns] = await transaction.execute<{ list: string }[]>(
    `select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum) as list
       from pg_attribute where attrelid = ${literal(`${place}.${table}`)}::regclass and attnum > 0 and not attisdropped`,
  );
  const [read, write] = [`${home}.${moved}${table}`, `${home}.${moved}write`];
  await transaction.execute(
    `create function ${read}() returns table (${columns?.list}) language plpgsql as $body$ ${raise} $body$`,
  );
  await transaction.execute(
    `create or replace function ${write}() returns trigger language plpgsql as $body$ ${raise} $body$`,
  );
  await transaction.execute(`create view ${home}.${table} as select * from ${read}()`);
  await transaction.execute(
    `create trigger ${moved}write instead of insert or update or delete on ${home}.${table}
       for each row execute function ${write}()`,
  );
}

/** Hours after which no process of the last version is expected to run any more. */
const kept = 1;

/**
 * Drops those views once they have stood long enough, and forgets where the last version was, unless jobs wait there.
 *
 * @param isEmpty whether no job waits in the queue of that schema.
 */
export async function dropStandIns(em: Em, own: string, isEmpty: (queue: string) => Promise<boolean>): Promise<void> {
  const table = `${identifier(own)}.former_home`;
  const [home] = await em.execute<{ tables: string; queue: string }[]>(
    `select tables, queue from ${table} where moved_at < now() - interval '${kept} hours'`,
  );
  if (!home) return;
  const functions = await em.execute<{ name: string }[]>(
    `select proname as name from pg_proc join pg_namespace n on n.oid = pronamespace
      where nspname = ? and starts_with(proname, '${moved}')`,
    [home.tables],
  );
  // The views and triggers depend on them.
  for (const { name } of functions) {
    await em.execute(`drop function if exists ${identifier(home.tables)}.${identifier(name)}() cascade`);
  }
  if (await isEmpty(home.queue)) await em.execute(`delete from ${table}`);
}
