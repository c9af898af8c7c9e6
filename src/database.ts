import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM, type Options } from '@mikro-orm/postgresql';
import type pg from 'pg';
import { migrations } from '../migrations/index.js';
import { Account } from './accounts/account.entity.js';
import { AuditEvent } from './audit/audit-event.entity.js';
import { ResetReceipt } from './password-reset/reset-receipt.entity.js';
import { reclaimDeadSlots } from './pool-slots.js';
import { lineConfig } from './stores/database-line.js';
import { parseDatabaseUrl } from './stores/database-url.js';
import { setTimeouts } from './stores/line-time-outs.js';
import { knowLimits } from './stores/pool-limits.js';

/** Milliseconds. A statement ends before a call's own deadline, so that no late write contradicts an answer. */
export const databaseTimeouts = {
  connect: 3_000,
  statement: 5_000,
  lock: 3_000,
  /** Of a migration, behind which all others wait: shorter than what they wait for (`lock`). */
  migrationLock: 1_000,
  idleInTransaction: 10_000,
  /** On the client's side: also ends a call whose server vanished without a word. */
  query: 7_000,
} as const;

/** What a line to this database is, the same for both pools, migrations and LISTEN. @throws DatabaseUrlError */
export const databaseLine = (url: string, name: string) =>
  lineConfig(parseDatabaseUrl(url), name, databaseTimeouts.connect);

/** What every pool of ours tells `pg`; shared with the job queue's pool. */
export const poolOptions = {
  query_timeout: databaseTimeouts.query,
  onConnect: (client: pg.ClientBase) => setTimeouts(client, databaseTimeouts),
};
const migrationOptions = {
  query_timeout: 0,
  onConnect: (client: pg.ClientBase) =>
    setTimeouts(client, { ...databaseTimeouts, statement: 0, lock: databaseTimeouts.migrationLock }),
};

/** @param setting that gives the pool its size. */
export const guardPool = (setting: string) => (pool: pg.Pool) => {
  knowLimits(pool, setting, pool.options.max);
  reclaimDeadSlots(pool);
};

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
      debug: false,
    } satisfies Options),
  );
}
