import { Readable } from 'node:stream';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Accounts } from '../../src/accounts/accounts.js';
import { type ImportDeps, type ImportOptions, importAccounts } from '../../src/commands/accounts/import/import.js';
import type { ImportResult } from '../../src/commands/accounts/import/report.js';
import { openDatabase } from '../../src/services/database.js';
import { createDatabase, type TestDatabase } from './stores.js';

/** What wrapping costs in tests of imports. */
export const cheapArgon2 = { memoryKib: 1024, timeCost: 2 };

export interface ImportDatabase {
  readonly database: TestDatabase;
  readonly orm: MikroORM;
}

/** A database of the file's own, without accounts before each test. @returns getters: it is there when tests run. */
export function importDatabase(): ImportDatabase {
  let database: TestDatabase;
  let orm: MikroORM;
  beforeAll(async () => {
    database = await createDatabase();
    orm = openDatabase(database.url, { poolSize: 1 });
  });
  afterAll(async () => {
    await orm.close(true);
    await database.drop();
  });
  beforeEach(() => database.query('truncate account, audit_event cascade'));
  return {
    get database() {
      return database;
    },
    get orm() {
      return orm;
    },
  };
}

/** Imports an object a line. @returns the result, and what was refused, by line. */
export async function importLines(
  into: MikroORM | Accounts,
  entries: readonly object[],
  options: ImportOptions = {},
  events?: ImportDeps['events'],
): Promise<ImportResult & { readonly refusals: readonly string[] }> {
  const refusals: string[] = [];
  const onRefused = ({ number, reason }: { number: number; reason: string }) => refusals.push(`${number}: ${reason}`);
  const lines = entries.map((each) => `${JSON.stringify(each)}\n`).join('');
  const accounts = into instanceof Accounts ? into : new Accounts(into);
  const quiet = { knownLocale: () => null, err: { write: () => undefined } };
  const deps = { accounts, argon2: cheapArgon2, ...quiet, events };
  const result = await importAccounts(deps, Readable.from([Buffer.from(lines)]), { onRefused, ...options });
  return { ...result, refusals };
}
