import type { SettingFault } from './faults.js';

/**
 * Removes PostgreSQL's own variables from the environment, before any connection is opened. `pg` takes what a
 * connection string leaves open from PGHOST, PGUSER, PGPASSWORD, PGSSLMODE, PGOPTIONS and others, but a shell may have
 * set them for another database: only `DATABASE_URL` decides.
 *
 * @returns the names that were set.
 */
export function takeOutPgVariables(environment: NodeJS.ProcessEnv): string[] {
  const names = Object.keys(environment).filter((name) => /^PG[A-Z]/.test(name));
  for (const name of names) delete environment[name];
  return names;
}

/** Warnings for an operator who expects these variables to work. */
export function pgVariablesWarning(names: readonly string[]): SettingFault[] {
  return names.map((name) => ({ name, fault: 'is set and not used: say in DATABASE_URL how PostgreSQL is reached' }));
}
