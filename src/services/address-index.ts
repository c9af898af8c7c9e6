import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { identifier } from '../stores/postgres/schemas.js';

/** Why the index of addresses cannot be built; the message says what the operator can do. */
export class AddressIndexRefused extends Error {
  override name = 'AddressIndexRefused';
}

type Em = Pick<SqlEntityManager, 'execute'>;

/**
 * Builds the unique index of addresses that compares bytes, while processes are running; the migration
 * `address-collation` then replaces the old index by it. It may take minutes for millions of accounts, without blocking
 * anybody. Does nothing if the table does not exist yet or already compares bytes.
 *
 * @param em must not be in a transaction.
 * @param schema where the table is: that of the last version is moved afterwards.
 * @throws AddressIndexRefused when two accounts have one address, or a view, policy, trigger or foreign key of the
 * operator depends on the column.
 */
export async function buildAddressIndex(em: Em, schema: string): Promise<void> {
  const place = identifier(schema);
  const table = `${place}.account`;
  const [column] = await em.execute<{ bytes: boolean }[]>(
    `select attcollation = 'pg_catalog."C"'::regcollation as bytes
       from pg_attribute where attrelid = to_regclass(?) and attname = 'email'`,
    [table],
  );
  if (!column || column.bytes) return;
  await refuseDependents(em, table);
  const [index] = await em.execute<{ valid: boolean }[]>(
    `select indisvalid as valid from pg_index where indexrelid = to_regclass(?)`,
    [`${place}.account_email_bytes`],
  );
  if (index?.valid) return;
  // An earlier attempt was interrupted or met two rows with one address, and left an invalid index.
  if (index) await em.execute(`drop index concurrently ${place}.account_email_bytes`);
  try {
    await em.execute(`create unique index concurrently account_email_bytes on ${table} (email collate "C")`);
  } catch (error) {
    const ids = await twice(em, table);
    if (ids.length === 0) throw error;
    throw new AddressIndexRefused(
      `two accounts have one address, which an index that was made under another collation let in: ${ids.join('; ')}; keep one of each (docs/operate.md#collation) and run this again`,
      { cause: error },
    );
  }
}

/**
 * PostgreSQL cannot change a column that a view, policy, trigger or foreign key depends on.
 *
 * @throws AddressIndexRefused then.
 */
async function refuseDependents(em: Em, table: string): Promise<void> {
  const rows = await em.execute<{ what: string }[]>(
    `select distinct pg_describe_object(classid, objid, 0) as what
       from pg_depend
       join pg_attribute on attrelid = refobjid and attnum = refobjsubid
      where refclassid = 'pg_class'::regclass and refobjid = to_regclass(?) and attname = 'email'
        and classid in ('pg_rewrite'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass)
     union
     select format('constraint %s on table %s', conname, conrelid::regclass)
       from pg_constraint
       join pg_attribute on attrelid = confrelid and attnum = any (confkey)
      where contype = 'f' and confrelid = to_regclass(?) and attname = 'email'
      order by 1`,
    [table, table],
  );
  if (rows.length === 0) return;
  throw new AddressIndexRefused(
    `the column account.email cannot change its collation under ${rows.map(({ what }) => what).join(', ')}: drop it, run this again, and make it anew`,
  );
}

async function twice(em: Em, table: string): Promise<string[]> {
  const rows = await em.execute<{ ids: string }[]>(
    `select string_agg(id::text, ' and ' order by created_at) as ids
       from ${table} group by email collate "C" having count(*) > 1 order by min(created_at) limit 20`,
  );
  return rows.map(({ ids }) => ids);
}
