import { randomBytes } from 'node:crypto';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Accounts, type Credential, type CredentialWithHash } from '../../../accounts/accounts.js';
import { parseEmailAddress } from '../../../accounts/email-address.js';
import type { PasswordHash } from '../../../accounts/passwords/password-hash.js';
import { quoteOf } from '../../../accounts/source/account-sql.js';
import { AppRefused } from '../../../accounts/source/app-refused.js';
import { checkShape } from '../../../accounts/source/check.js';
import { readFacts } from '../../../accounts/source/facts.js';
import { probesOf } from '../../../accounts/source/probes.js';
import type { TableFault } from '../../../accounts/source/verdict.js';
import { Unavailable } from '../../../calls/errors.js';
import { digestOf, mintResetKey } from '../../../password-reset/keys/reset-key.js';
import { ResetReceipts } from '../../../password-reset/keys/reset-receipts.js';
import type { Shape } from '../../../settings/accounts/shape.js';
import { hasPepper } from '../../../settings/secrets/pepper.js';
import { identifier, literal, ours } from '../../../stores/postgres/schemas.js';
import { CommandFailure } from '../../failure.js';
import type { TestAccount } from '../../test-account.js';
import { inTransaction } from '../in-transaction.js';
import { planOf } from '../plan.js';
import { everyAccount } from '../survey/rows.js';
import { type CallingTrigger, callingOut } from './calling-out.js';
import { type Changes, changesIn, rowOf } from './changes.js';

/** How the rehearsal of a reset went. Nothing is left of it. */
export interface Rehearsal {
  readonly table: string;
  /** The account's id, as the table has it. */
  readonly account: string | null;
  readonly faults: readonly TableFault[];
  /** Rights that this role lacks, in words of PostgreSQL. */
  readonly forbidden: readonly string[];
  readonly triggers: readonly CallingTrigger[];
  /** What a reset changes; undefined if it was not tried, or failed. */
  readonly changes: Changes | undefined;
}

export interface RehearsalDeps {
  readonly orm: MikroORM;
  readonly shape: Shape;
  readonly passwordHash: Pick<PasswordHash, 'make' | 'verify'>;
  /** Characters of the hashes that we write. */
  readonly hashLength: number;
}

class RolledBack extends Error {
  constructor(readonly changes: Changes) {
    super('the rehearsal is over');
  }
}

/**
 * Resets the password of one account by the code that does it for people, and rolls it back: the lock of its row lasts
 * as long as in a reset.
 *
 * @param account its id; by default the first that may recover.
 * @param test whose account it is, and the password that opens it in the app.
 * @throws CommandFailure when it cannot begin.
 */
export async function rehearse(
  deps: RehearsalDeps,
  { account: id, withTriggers = false, test }: { account?: string; withTriggers?: boolean; test?: TestAccount },
): Promise<Rehearsal> {
  const { orm, shape, hashLength } = deps;
  await expectOurTables(orm);
  const none = { table: shape.name, account: null, faults: [], forbidden: [], triggers: [], changes: undefined };
  const verdict = await checkShape(orm, shape, { findsByAddress: true, resets: true }, hashLength);
  if (verdict.faults.length > 0 || verdict.forbidden.length > 0) return { ...none, ...verdict };
  const triggers = await inTransaction(orm, async (em) => callingOut(em, await writtenBy(em, shape)));
  if (triggers.length > 0 && !withTriggers) return { ...none, triggers };
  const accounts = new Accounts(orm, shape);
  const found = await ownerFor(deps, accounts, test ? await idOf(accounts, test) : id);
  const result = { ...none, triggers, account: found.id };
  const fault = (await lookUpFault(accounts, found)) ?? (test && (await hashFault(deps, found, test)));
  if (fault) return { ...result, faults: [fault] };
  try {
    return { ...result, changes: await resetAndRollBack(deps, accounts, found) };
  } catch (error) {
    if (error instanceof AppRefused)
      return { ...result, faults: [{ key: error.fault.key, fault: error.fault.reason }] };
    if (error instanceof Unavailable) {
      throw new CommandFailure(
        'the row stayed locked, or the database went away: run this again, or name another --account',
        { cause: error },
      );
    }
    throw error;
  }
}

async function expectOurTables(orm: MikroORM): Promise<void> {
  const own = ours(orm, 'adopted_account');
  const [row] = await orm.em.fork().execute<{ is: boolean }[]>(`select to_regclass(${literal(own)}) is not null as is`);
  if (!row?.is)
    throw new CommandFailure('the tables of Latchkey are not there yet: run `latchkey migrate up`, then this');
}

/** Oids of the tables that a reset writes to by itself; triggers and foreign keys may write to more. */
async function writtenBy(em: EntityManager, shape: Shape): Promise<string[]> {
  const facts = await readFacts(em, shape);
  const names = new Set<string>([shape.passwordTable?.table ?? shape.table]);
  for (const { statement, duty } of probesOf(shape, facts, quoteOf(em), ours(em, 'adopted_account'))) {
    const nodes = duty === 'resets' ? await planOf(em, statement) : [];
    for (const { Operation, Schema, 'Relation Name': name } of nodes) {
      if (Operation && name) names.add(`${identifier(Schema ?? 'public')}.${identifier(name)}`);
    }
  }
  const list = [...names].map((each) => `to_regclass(${literal(each)})::oid::text`);
  const rows = await em.execute<{ oid: string }[]>(`select unnest(array[${list.join(', ')}]) as oid`);
  return rows.map(({ oid }) => oid);
}

async function ownerFor(
  { orm, shape }: RehearsalDeps,
  accounts: Accounts,
  id: string | undefined,
): Promise<CredentialWithHash> {
  const ids = id === undefined ? await inTransaction(orm, (em) => firstOwners(em, shape)) : [id];
  for (const each of ids) {
    const found = await accounts.findWithHash({ id: each });
    if (found?.status === 'active' && found.email && found.hasPasswordRow) return found;
  }
  throw new CommandFailure(
    id === undefined
      ? 'no account may recover: none is active with an address that mails go to and one row for its hash'
      : '--account: no account with this id is active with an address that mails go to and one row for its hash',
  );
}

/** Some, because of the first one the address may be no address. */
async function firstOwners(em: EntityManager, shape: Shape): Promise<string[]> {
  const every = everyAccount(shape, await readFacts(em, shape));
  const rows = await em.execute<{ id: string }[]>(
    `select latchkey_id as id from (${every}) as latchkey_each
      where latchkey_active and latchkey_hashes = 1 and latchkey_email like '%_@_%' limit 20`,
  );
  return rows.map(({ id }) => id);
}

/** @throws CommandFailure unless one account may recover by the address. */
async function idOf(accounts: Accounts, { email }: TestAccount): Promise<string> {
  const found = await accounts.findEach(email);
  const [only] = found;
  if (only && found.length === 1) return only.id;
  throw new CommandFailure(
    found.length === 0
      ? '--test-account: no account with this address may recover'
      : '--test-account: several accounts have this address; use another',
  );
}

/** Whoever reads another secret or form than the app writes is told here, and not by people who cannot sign in. */
async function hashFault(
  { shape, passwordHash }: RehearsalDeps,
  account: CredentialWithHash,
  { password }: TestAccount,
): Promise<TableFault | undefined> {
  if (await passwordHash.verify(account.passwordHash, password, { urgency: 'other' })) return undefined;
  const reason = hasPepper(shape.write)
    ? 'PASSWORD_PEPPER is not the secret that the app appends, or the app appends none'
    : 'the password is another one, the app appends a secret ("pepper": true in "write"), or no such hash is verified here';
  return { key: 'passwordHash', fault: `holds a hash that the password of the test account does not open: ${reason}` };
}

async function lookUpFault(accounts: Accounts, { id, email }: Credential): Promise<TableFault | undefined> {
  const parsed = parseEmailAddress(email);
  const found = parsed ? await accounts.findEach(parsed) : [];
  if (found.some((each) => each.id === id)) return undefined;
  const fault = `is looked up by a spelling in which account ${id} is not found; leave out "emailIsLowerCase", or look at the collation of the column`;
  return { key: 'email', fault };
}

async function resetAndRollBack(
  { orm, shape, passwordHash }: RehearsalDeps,
  accounts: Accounts,
  account: CredentialWithHash,
): Promise<Changes> {
  const hash = await passwordHash.make(randomBytes(32).toString('base64url'), { urgency: 'other' });
  const receipts = new ResetReceipts(orm, shape.name);
  const [inAMinute, digest] = [new Date(account.readAt.getTime() + 60_000), digestOf(mintResetKey())];
  try {
    return await accounts.transaction(async (transaction) => {
      const before = await rowOf(transaction, shape, account.id);
      const changed = await accounts.replacePassword(transaction, account, hash, inAMinute);
      if (!changed) throw new CommandFailure(`account ${account.id} changed at the same time: run this again`);
      await receipts.write(transaction, digest, { accountId: account.id, fromVersion: account.credentialVersion });
      // What is put off until COMMIT is done now.
      await transaction.execute('set constraints all immediate');
      const after = await rowOf(transaction, shape, account.id);
      throw new RolledBack(await changesIn(transaction, before, after));
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.changes;
    throw error;
  }
}
