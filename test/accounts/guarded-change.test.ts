import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Accounts, type CredentialWithHash } from '../../src/accounts/accounts.js';
import { openDatabase } from '../../src/services/database.js';
import { createDatabase, type TestDatabase } from '../support/stores.js';

let database: TestDatabase;
let orm: ReturnType<typeof openDatabase>;
let accounts: Accounts;
let account: CredentialWithHash;
let person = 0;
beforeAll(async () => {
  database = await createDatabase();
  orm = openDatabase(database.url, { poolSize: 2 });
  accounts = new Accounts(orm);
});
afterAll(async () => {
  await orm.close(true);
  await database.drop();
});
beforeEach(async () => {
  const email = `person.${++person}@example.com` as Parameters<Accounts['create']>[0]['email'];
  await accounts.create({ email, passwordHash: 'before', locale: null }, async () => undefined);
  account = (await accounts.findWithHash({ email })) as CredentialWithHash;
});

const replace = (notAfter?: Date, sessionVersion?: number) =>
  accounts.transaction((transaction) =>
    accounts.replacePassword(transaction, account, 'after', notAfter, sessionVersion),
  );
const endSessions = () => accounts.transaction((transaction) => accounts.endSessions(transaction, account));
const now = () => accounts.findWithHash({ id: account.id });
const minutes = (count: number) => new Date(Date.now() + count * 60_000);

describe('a guarded change', () => {
  it('of a password gives the time that it wrote, and raises both versions', async () => {
    const changed = await replace(minutes(5), 1);
    const at = changed?.readAt;
    expect(changed).toMatchObject({ id: account.id, credentialVersion: 2, sessionVersion: 2, stamp: '' });
    expect(await now()).toMatchObject({
      passwordHash: 'after',
      credentialVersion: 2,
      sessionVersion: 2,
      credentialsChangedAt: at,
    });
    expect(at?.getTime()).toBeGreaterThanOrEqual(account.credentialsChangedAt?.getTime() ?? Number.NaN);
  });

  it('that ends sessions gives the time, and leaves the credential', async () => {
    const at = await endSessions();
    expect(at?.getTime()).toBeGreaterThanOrEqual(account.createdAt.getTime());
    expect(await now()).toMatchObject({ passwordHash: 'before', credentialVersion: 1, sessionVersion: 2 });
  });

  // Shows: V-33, V-51
  it.each([
    ['a password whose credential changed meanwhile', () => replace(), 'credential_version = 7'],
    ['a password of an account that was disabled', () => replace(), `status = 'disabled'`],
    ['a password by a session that has ended', () => replace(undefined, 1), 'session_version = 7'],
    ['a password whose key has run out', () => replace(minutes(-5)), 'locale = null'],
    ['sessions that have ended already', endSessions, 'session_version = 7'],
    ['sessions of an account that was disabled', endSessions, `status = 'disabled'`],
  ])('does nothing and gives no time: %s', async (_what, change, meanwhile) => {
    await database.query(`update account set ${meanwhile} where id = $1`, [account.id]);
    const before = await now();
    expect(await change()).toBeUndefined();
    expect({ ...(await now()), readAt: 0 }).toEqual({ ...before, readAt: 0 });
  });

  // Shows: V-33
  it.each([
    ['a password', () => replace(minutes(5), 1)],
    ['the end of sessions', endSessions],
  ])('is one statement: %s', async (_what, change) => {
    const executed = vi.spyOn(orm.em.getConnection(), 'execute');
    await change();
    expect(executed.mock.calls.map(([sql]) => String(sql).slice(0, 6))).toEqual(['update']);
    executed.mockRestore();
  });
});
