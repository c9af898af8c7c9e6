import type { EntityManager } from '@mikro-orm/postgresql';
import { describe, expect, it } from 'vitest';
import type { ImportDeps, ImportOptions } from '../../../src/commands/accounts/import/import.js';
import { importDatabase, importLines } from '../../support/imports.js';

const before = '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';
const after = before.replace('R9h', 'S9h');
const ours = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY';

const at = importDatabase();

type User = Record<string, string | null>;
const user = (name: string, more: User = {}): User => {
  return { external_id: name, email: `${name}@example.com`, hash: before, ...more };
};
/** Imports these users. @returns the counts, and what was refused. */
async function run(users: readonly User[], options: ImportOptions = {}, events?: ImportDeps['events']) {
  const result = await importLines(at.orm, users, options, events);
  const { ended, added, present, updated, kept, refused, refusals } = result;
  return { ended, added, present, updated, kept, refused, refusals };
}
const none = { ended: 'complete', added: 0, present: 0, updated: 0, kept: 0, refused: 0, refusals: [] };
const row = async (name: string) =>
  (
    await at.database.query<Record<string, unknown>>(
      `select email, password_hash as hash, status, credential_version as version, session_version as session,
              credentials_changed_at > created_at as later
         from account where external_id = $1`,
      [name],
    )
  )[0];

describe('a second run with --update', () => {
  it('tells other services of each new hash and status, and of sessions that a new address ends, in the same commit', async () => {
    const names = ['hash', 'status', 'address', 'both', 'ours'];
    await run(names.map((name) => user(name)));
    await at.database.query("update account set credential_version = 2 where external_id = 'ours'");
    const told: string[] = [];
    const events = {
      record: async (transaction: EntityManager, type: string, id: string, at: Date) => {
        const [found] = await transaction.execute<{ line: string }[]>(
          `select external_id || ' ' || status || ' ' || (date_trunc('milliseconds', credentials_changed_at) = ?::timestamptz) as line from account where id = ?`,
          [at.toISOString(), id],
        );
        told.push(`${type}: ${found?.line}`);
      },
    };
    const second = [
      user('hash', { hash: after }),
      user('status', { status: 'disabled' }),
      user('address', { email: 'moved@example.com' }),
      user('both', { hash: null, status: 'disabled' }),
      user('ours', { hash: after }),
      user('new'),
    ];
    await run(second, { update: true }, events);
    expect(told.sort()).toEqual([
      'account.disabled: both disabled true',
      'account.disabled: status disabled true',
      'password.changed: both disabled true',
      'password.changed: hash active true',
      'sessions.ended: address active true',
    ]);
    told.length = 0;
    await run([user('status', { status: 'active' })], { update: true }, events);
    expect(told).toEqual(['account.enabled: status active true']);

    const failing = { record: () => Promise.reject(new Error('no queue')) };
    expect(await run([user('hash', { hash: null })], { update: true }, failing)).toMatchObject({ updated: 0 });
    expect(await row('hash')).toMatchObject({ hash: after });
  });

  it('follows address, hash and status of accounts as the first left them, and ends what is bound to them', async () => {
    const names = ['hash', 'status', 'address', 'same', 'none'];
    await run(names.map((name) => user(name)));
    await at.database.query("update account set created_at = now() - interval '1 day'");
    const second = [
      user('hash', { hash: after }),
      user('status', { status: 'disabled' }),
      user('address', { email: 'moved@example.com' }),
      user('same', { status: 'active' }),
      user('none', { hash: null }),
      user('new'),
    ];
    const untouched = { version: 1, session: 1 };
    const raised = { version: 2, session: 2, later: true };
    expect(await run(second, { update: true, dryRun: true })).toEqual({ ...none, added: 1, present: 1, updated: 4 });
    expect(await row('hash')).toMatchObject({ hash: before, ...untouched });
    expect(await run(second, { update: true })).toEqual({ ...none, added: 1, present: 1, updated: 4 });
    expect(await row('hash')).toMatchObject({ hash: after, status: 'active', ...raised });
    expect(await row('status')).toMatchObject({ hash: before, status: 'disabled', ...raised });
    expect(await row('address')).toMatchObject({ email: 'moved@example.com', hash: before, ...raised });
    expect(await row('same')).toMatchObject({ hash: before, ...untouched });
    expect(await row('none')).toMatchObject({ hash: null, ...raised });
    const events = await at.database.query<{ changed: string }>(
      "select detail ->> 'changed' as changed from audit_event where kind = 'account.import-updated' order by 1",
    );
    expect(events.map(({ changed }) => changed)).toEqual(['address', 'hash', 'hash', 'status']);
    // A third run finds nothing new, and a fourth follows again.
    expect(await run(second, { update: true })).toEqual({ ...none, present: 6 });
    expect(await run([user('hash')], { update: true })).toEqual({ ...none, updated: 1 });
    expect(await row('hash')).toMatchObject({ hash: before, version: 3 });
  });

  it('keeps what was changed here since: a reset, a command, an account that no import made', async () => {
    await run(['reset', 'disabled', 'renewed'].map((name) => user(name)));
    await at.database.query(
      `update account set password_hash = $1, credential_version = 2, session_version = 2 where external_id = 'reset'`,
      [ours],
    );
    await at.database.query(
      `update account set status = 'disabled', credential_version = 2 where external_id = 'disabled'`,
    );
    await at.database.query(
      "insert into account (id, email, password_hash, status) values (gen_random_uuid(), 'own@example.com', $1, 'active')",
      [ours],
    );
    // A sign-in renews the hash and raises no version.
    await at.database.query(`update account set password_hash = $1 where external_id = 'renewed'`, [ours]);
    const second = [
      user('reset', { hash: after }),
      user('disabled', { status: 'active' }),
      user('renewed'),
      { email: 'own@example.com', hash: after },
    ];
    expect(await run(second, { update: true })).toEqual({ ...none, present: 1, kept: 3 });
    expect(await row('reset')).toMatchObject({ hash: ours, version: 2 });
    expect(await row('disabled')).toMatchObject({ status: 'disabled', version: 2 });
    expect(await row('renewed')).toMatchObject({ hash: ours, version: 1 });
    expect(await run([user('renewed', { hash: after })], { update: true })).toEqual({ ...none, updated: 1 });
    expect(await row('renewed')).toMatchObject({ hash: after, version: 2 });
  });

  it.each([1, 1_000])('refuses two lines that contradict each other, in batches of %i', async (batchSize) => {
    await run([user('one'), user('two')]);
    const second = [user('one', { hash: after }), user('one'), user('two', { email: 'one@example.com' })];
    const { updated, refused } = await run(second, { update: true, batchSize });
    expect([updated, refused]).toEqual([1, 2]);
    expect(await row('one')).toMatchObject({ hash: after, version: 2 });
    expect(await row('two')).toMatchObject({ email: 'two@example.com', version: 1 });
  });

  it('counts the forms anew, so that no dummy has a form that went', async () => {
    await run([user('a'), user('b')]);
    await run([user('a', { hash: ours }), user('b', { hash: ours })], { update: true });
    const forms = await at.database.query<{ form: string; dealt: string }>(
      "select form, dealt::int as dealt from password_form where domain = '' and dealt > 0",
    );
    expect(forms).toEqual([{ form: expect.stringMatching(/^argon2id/), dealt: 2 }]);
  });
});

describe('without --update', () => {
  it('an account is known by its external_id, and not changed', async () => {
    await run([user('one'), user('two')]);
    const moved = [user('one', { email: 'moved@example.com' }), user('other', { email: 'two@example.com' })];
    const refusals = [
      '1: the external_id has an account with another address',
      '2: the address has an account with another external_id',
    ];
    expect(await run(moved, { dryRun: true })).toEqual({ ...none, refused: 2, refusals });
    expect(await run(moved)).toEqual({ ...none, refused: 2, refusals });
    expect(await row('one')).toMatchObject({ email: 'one@example.com', version: 1 });
  });
});
