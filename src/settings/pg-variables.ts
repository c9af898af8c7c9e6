import type { SettingFault } from './faults.js';

/**
 * `pg` takes what a connection string leaves open from PGHOST, PGUSER, PGPASSWORD, PGSSLMODE, PGOPTIONS and others. What
 * a shell says about some other database must not decide about ours, neither beside the embedded server of a developer
 * nor in production: `DATABASE_URL` says everything. So they are taken out of the environment before anything is opened.
 *
 * @returns the names that were there.
 */
export function takeOutPgVariables(environment: NodeJS.ProcessEnv): string[] {
  const names = Object.keys(environment).filter((name) => /^PG[A-Z]/.test(name));
  for (const name of names) delete environment[name];
  return names;
}

/** For those who count on them. */
export function pgVariablesWarning(names: readonly string[]): SettingFault[] {
  return names.map((name) => ({ name, fault: 'is set and not used: say in DATABASE_URL how PostgreSQL is reached' }));
}
