import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM, type Options } from '@mikro-orm/postgresql';
import { migrations } from '../../migrations/index.js';
import { Account } from '../accounts/account.entity.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { queueSchema } from '../jobs/queue/tables.js';
import { ResetReceipt } from '../password-reset/keys/reset-receipt.entity.js';
import { databaseLine, guardPool, migrationOptions, poolOptions } from '../stores/postgres/pool.js';

/**
 * Tables that the ORM does not know: one file each reads and writes them by SQL (in `src/secrets`,
 * `src/accounts/passwords`, `src/audit`). Only the migrations define them, as they define the database functions.
 */
export const tablesWithoutEntity = ['data_key', 'password_form', 'audit_refusal'];

/**
 * Makes the ORM; the first statement opens the first connection.
 *
 * @throws DatabaseUrlError when `url` cannot be read.
 */
export function openDatabase(url: string, options: { poolSize?: number; forMigration?: boolean } = {}): MikroORM {
  const line = databaseLine(url, options.forMigration ? 'latchkey migrate' : 'latchkey');
  const size = options.poolSize ?? 10;
  return new MikroORM(
    defineConfig({
      dbName: line.database,
      entities: [Account, ResetReceipt, AuditEvent],
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
        tableName: 'latchkey_migration',
        snapshot: false,
        snapshotOnMigrate: false,
        allOrNothing: true,
        transactional: true,
        safe: false,
        silent: true,
      },
      schemaGenerator: { ignoreSchema: [queueSchema], skipTables: [...tablesWithoutEntity], ignoreRoutines: true },
      debug: false,
    } satisfies Options),
  );
}
