import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM, type Options } from '@mikro-orm/postgresql';
import { migrations } from '../../migrations/index.js';
import { Account } from '../accounts/account.entity.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { queueSchema } from '../jobs/queue/tables.js';
import { ResetReceipt } from '../password-reset/keys/reset-receipt.entity.js';
import { databaseLine, guardPool, migrationOptions, poolOptions } from '../stores/postgres/pool.js';

/**
 * Read and written by SQL of one file each (`src/secrets`, `src/accounts/passwords`, `src/audit`), not through the ORM,
 * so they have no entity; only the migrations say what they hold. The same is true of the functions.
 */
export const tablesWithoutEntity = ['data_key', 'password_form', 'audit_refusal'];

/** Opens no connection yet: the first statement does. */
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
