import type pg from 'pg';
import { reclaimDeadSlots } from './dead-connections.js';
import { lineConfig } from './line.js';
import { setTimeouts } from './line-time-outs.js';
import { knowLimits } from './pool-limits.js';
import { parseDatabaseUrl } from './url.js';

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
/** The same for migrations, which may take as long as they need. */
export const migrationOptions = {
  query_timeout: 0,
  onConnect: (client: pg.ClientBase) =>
    setTimeouts(client, { ...databaseTimeouts, statement: 0, lock: databaseTimeouts.migrationLock }),
};

/** @param setting that gives the pool its size. */
export const guardPool = (setting: string) => (pool: pg.Pool) => {
  knowLimits(pool, setting, pool.options.max);
  reclaimDeadSlots(pool);
};
