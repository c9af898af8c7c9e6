import type pg from 'pg';
import { reclaimDeadSlots } from './dead-connections.js';
import { lineConfig } from './line.js';
import { setTimeouts } from './line-timeouts.js';
import { knowLimits } from './pool-limits.js';
import { parseDatabaseUrl } from './url.js';

/** Milliseconds. A statement ends before the call's own deadline, so that no late write contradicts an answer. */
export const databaseTimeouts = {
  connect: 3_000,
  statement: 5_000,
  lock: 3_000,
  /** For a migration: shorter than `lock`, because all others wait behind it. */
  migrationLock: 1_000,
  idleInTransaction: 10_000,
  /** Measured by the client: also ends a statement whose server vanished. */
  query: 7_000,
} as const;

/**
 * The options of a connection to this database, for both pools, migrations and LISTEN.
 *
 * @throws DatabaseUrlError when `url` cannot be read.
 */
export const databaseLine = (url: string, name: string) =>
  lineConfig(parseDatabaseUrl(url), name, databaseTimeouts.connect);

/** Options of both pools (statements and jobs). */
export const poolOptions = {
  query_timeout: databaseTimeouts.query,
  onConnect: (client: pg.ClientBase) => setTimeouts(client, databaseTimeouts),
};
/** Options for migrations, whose statements have no timeout. */
export const migrationOptions = {
  query_timeout: 0,
  onConnect: (client: pg.ClientBase) =>
    setTimeouts(client, { ...databaseTimeouts, statement: 0, lock: databaseTimeouts.migrationLock }),
};

/**
 * Adds our handling of limits and dead connections to a pool.
 *
 * @param setting the name of the setting that gives its size.
 */
export const guardPool = (setting: string) => (pool: pg.Pool) => {
  knowLimits(pool, setting, pool.options.max);
  reclaimDeadSlots(pool);
};
