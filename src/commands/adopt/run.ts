import { existsSync } from 'node:fs';
import type { MikroORM } from '@mikro-orm/postgresql';
import { dummyOf } from '../../accounts/passwords/forms/names.js';
import { HashLimiter } from '../../accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../accounts/passwords/password-hash.js';
import { openDatabase } from '../../services/database.js';
import { expectNames, type Roles } from '../../services/grants.js';
import { hasPepper, howToGivePepper } from '../../settings/secrets/pepper.js';
import { readSettings, type Settings } from '../../settings/settings.js';
import { CommandFailure, codeOf, explain } from '../failure.js';
import { testAccountOf } from '../test-account.js';
import type { AdoptFlags } from './adopt.commands.js';
import { adopt, parseWrite, writeAccounts } from './adopt.js';
import { askOnTerminal } from './ask-on-terminal.js';
import { inTransaction } from './in-transaction.js';
import { askNobody, OpenChoice } from './open-choice.js';
import { rehearse } from './rehearsal/rehearse.js';
import { rehearsalReport } from './rehearsal/report.js';
import { asJson, report } from './report.js';
import { grantsFor } from './rights/grants.js';

const usualFile = 'accounts.json';
/** What is open, or has to be mended first. */
const openCode = 2;

/**
 * Runs `latchkey adopt` with the settings of this process.
 *
 * @throws SettingsError, CommandFailure.
 */
export async function runAdopt(flags: AdoptFlags): Promise<void> {
  if (flags.check !== undefined) return runRehearsal(flags, flags.check);
  if (flags.grants !== undefined) return printGrants(flags, flags.grants);
  if (flags.testAccount !== undefined || flags.testPasswordFile !== undefined) {
    throw new CommandFailure('--test-account and --test-password-file are for --check');
  }
  const { output, force = false, json = false, showAddresses = false } = flags;
  const isPrinted = output === '-';
  // Before minutes of work, not after them.
  if (!isPrinted && !force && existsSync(output)) {
    throw new CommandFailure(`${output} is there already; --force replaces it, --output names another`);
  }
  const { write, ...given } = flags;
  const roles = rolesOf(flags);
  const form = write === undefined ? {} : { write: parseWrite(write) };
  const { database, accounts: settings } = readSettings(process.env, 'migrate');
  const orm = openDatabase(database.directUrl ?? database.url, {
    schemas: database.schemas,
    poolSize: 1,
    forMigration: true,
    name: 'latchkey adopt',
  });
  const isAsked = process.stdin.isTTY && process.stderr.isTTY && !json;
  const deps = {
    orm,
    schemas: database.schemas,
    argon2: settings.argon2,
    hasPepper: settings.pepper !== undefined,
    ask: isAsked ? askOnTerminal(process.stdin, process.stderr) : askNobody,
  };
  try {
    const adoption = await adopt(deps, { ...given, ...form }, roles);
    if (!isPrinted) await writeAccounts(output, adoption.accounts, force);
    const said = json ? asJson(adoption, isPrinted ? null : output, showAddresses) : report(adoption, showAddresses);
    if (isPrinted) {
      process.stdout.write(`${JSON.stringify(adoption.accounts, null, 2)}\n`);
      process.stderr.write(said);
    } else {
      process.stdout.write(said);
      if (!json) process.stderr.write(`latchkey: ${output} is written; ACCOUNTS=${output} uses it\n`);
    }
    if (adoption.faults.length > 0) process.exitCode = openCode;
  } catch (error) {
    if (!(error instanceof OpenChoice)) throw asFailure(error);
    process.stderr.write(`latchkey: ${error.message}\n`);
    process.exitCode = openCode;
  } finally {
    await orm.close(true).catch(() => undefined);
  }
}

/** Runs `latchkey adopt --check`. */
async function runRehearsal(flags: AdoptFlags, file: string | true): Promise<void> {
  const { account, withTriggers, json } = flags;
  const { shape, argon2, pepper, database } = adoptedIn(file);
  if (hasPepper(shape.write) && pepper === undefined) {
    throw new CommandFailure(`PASSWORD_PEPPER is not set; ${howToGivePepper}`);
  }
  const test = await testAccountOf(flags);
  if (test && account !== undefined) throw new CommandFailure('--account and --test-account: only one of them can be');
  const limiter = new HashLimiter({ hashConcurrency: 1, hashQueue: 1 });
  const passwordHash = new PasswordHash(argon2, limiter, undefined, shape.write, { app: true, pepper });
  const hashLength = dummyOf(passwordHash.ownForm).length;
  const who = {
    ...(account === undefined ? {} : { account }),
    ...(withTriggers ? { withTriggers } : {}),
    ...(test ? { test } : {}),
  };
  await withDatabase(database, async (orm) => {
    const rehearsal = await rehearse({ orm, shape, passwordHash, hashLength }, who);
    process.stdout.write(json ? `${JSON.stringify(rehearsal)}\n` : rehearsalReport(rehearsal));
    if (!rehearsal.changes) process.exitCode = 1;
  });
}

/** Runs `latchkey adopt --grants`. */
async function printGrants(flags: AdoptFlags, file: string | true): Promise<void> {
  const roles = rolesOf(flags);
  const { shape, database } = adoptedIn(file);
  await withDatabase(database, async (orm) => {
    const grants = await inTransaction(orm, (em) => grantsFor(em, shape, roles), 'rolled back');
    process.stdout.write(`${grants.join('\n')}\n`);
  });
}

/** @throws Error when a name cannot be that of a role. */
function rolesOf({ migrateRole: migrate, apiRole: api, workerRole: worker }: AdoptFlags): Roles {
  const roles = { migrate, api, worker };
  expectNames(roles);
  return roles;
}

/** The shape of a file, or that of ACCOUNTS. @throws SettingsError with its faults. */
function adoptedIn(file: string | true) {
  const given = file === true ? process.env.ACCOUNTS || usualFile : file;
  const { database, accounts } = readSettings({ ...process.env, ACCOUNTS: given }, 'migrate');
  if (!accounts.shape) throw new CommandFailure('ACCOUNTS is not set');
  const { shape, argon2, pepper } = accounts;
  return { database, shape, argon2, pepper };
}

/** Runs work with timeouts as a process of ours has them. @throws CommandFailure */
async function withDatabase(
  { url, schemas }: Settings['database'],
  work: (orm: MikroORM) => Promise<void>,
): Promise<void> {
  const orm = openDatabase(url, { schemas, poolSize: 1, name: 'latchkey adopt' });
  try {
    await work(orm);
  } catch (error) {
    throw asFailure(error);
  } finally {
    await orm.close(true).catch(() => undefined);
  }
}

/** What PostgreSQL says of a right names a table and no row. */
function asFailure(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  const denied = error instanceof Error && codeOf(error) === '42501' ? (error.message.split('\n')[0] ?? '') : undefined;
  if (denied === undefined) return new CommandFailure(explain(error), { cause: error });
  return new CommandFailure(
    `${denied}: DATABASE_URL has to be that of a role that reads every row of the table, for instance its owner`,
    { cause: error },
  );
}
