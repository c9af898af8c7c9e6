import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM, type Options } from '@mikro-orm/postgresql';
import { migrations } from '../../migrations/index.js';
import { Account } from '../accounts/account.entity.js';
import { AdoptedAccount } from '../accounts/source/adopted-account.entity.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { ResetReceipt } from '../password-reset/keys/reset-receipt.entity.js';
import { databaseLine, guardPool, migrationOptions, poolOptions } from '../stores/postgres/pool.js';
import { type Schemas, schemasOf } from '../stores/postgres/schemas.js';

/**
 * Tables that the ORM does not know: one file each reads and writes them by SQL (in `src/secrets`,
 * `src/accounts/passwords`, `src/audit`, `src/events`). Only the migrations define them, as they define the database functions.
 */
export const tablesWithoutEntity = [
  'data_key',
  'password_form',
  'audit_refusal',
  'instance',
  'former_home',
  'event_sequence',
  'event_pending',
];
/** Every table of ours but that of the migrations. */
export function ourTables(orm: MikroORM): string[] {
  return [...[...orm.getMetadata().getAll().values()].map(({ tableName }) => tableName), ...tablesWithoutEntity];
}

/** What was applied. */
export const migrationTable = 'latchkey_migration';

/**
 * Makes the ORM; the first statement opens the first connection.
 *
 * @param options `forMigration`: statements have no timeout; `name`: what PostgreSQL shows of the connection.
 * @throws DatabaseUrlError when `url` cannot be read.
 */
export function openDatabase(
  url: string,
  options: { schemas?: Schemas; poolSize?: number; forMigration?: boolean; name?: string } = {},
): MikroORM {
  const schemas = options.schemas ?? schemasOf();
  const line = databaseLine(url, options.name ?? (options.forMigration ? 'latchkey migrate' : 'latchkey'));
  const size = options.poolSize ?? 10;
  return new MikroORM(
    defineConfig({
      dbName: line.database,
      schema: schemas.own,
      entities: [Account, AdoptedAccount, ResetReceipt, AuditEvent],
      extensions: [Migrator],
      ensureDatabase: false,
      pool: { min: 0, max: size },
      driverOptions: {
        ...line,
        ...(options.forMigration ? migrationOptions : poolOptions),
        onPoolCreated: guardPool('DATABASE_POOL'),
      },
      migrations: {
        migrationsList: migrations,
        tableName: migrationTable,
        snapshot: false,
        snapshotOnMigrate: false,
        allOrNothing: true,
        transactional: true,
        safe: false,
        silent: true,
        // Makes the migrator read its table first in the transaction of the migrations.
        includeWildcardSchema: true,
      },
      schemaGenerator: { ignoreSchema: [schemas.jobs], skipTables: [...tablesWithoutEntity], ignoreRoutines: true },
      debug: false,
    } satisfies Options),
  );
}
