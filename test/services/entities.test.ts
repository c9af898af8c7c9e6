import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationTable, openDatabase, ourTables } from '../../src/services/database.js';
import { createDatabase, type TestDatabase } from '../support/stores.js';

let database: TestDatabase;
let orm: ReturnType<typeof openDatabase>;

beforeAll(async () => {
  database = await createDatabase();
  orm = openDatabase(database.url, { poolSize: 1, forMigration: true });
});
afterAll(async () => {
  await orm?.close(true);
  await database?.drop();
});

const difference = () => orm.schema.getUpdateSchemaSQL({ wrap: false });

describe('a migrated database and the entities', () => {
  it('have no difference', async () => {
    expect(await difference()).toBe('');
    expect(await orm.migrator.checkSchema()).toBe(false);
  });

  it('leave no table out but those that are named', async () => {
    const tables = await database.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'latchkey'::regnamespace and relkind in ('r', 'p', 'v', 'm')",
    );
    expect(tables.map(({ name }) => name).sort()).toEqual([...ourTables(orm), migrationTable].sort());
  });

  it.each([
    ['a default', 'alter table account alter column session_version set default 2', 'session_version'],
    ['a lost default', 'alter table audit_event alter column detail drop default', 'detail'],
    ['a lost check', 'alter table account drop constraint account_status_check', 'account_status_check'],
    [
      'another check',
      'alter table reset_receipt drop constraint reset_receipt_replay_count_check, add constraint reset_receipt_replay_count_check check (replay_count between 0 and 9)',
      'replay_count <= 3',
    ],
    ['a lost index', 'drop index reset_receipt_used_at_index', 'reset_receipt_used_at_index'],
    [
      'an index of all rows',
      'drop index audit_event_account_id_index; create index audit_event_account_id_index on audit_event (account_id, at)',
      'audit_event_account_id_index',
    ],
    [
      'a lost unique',
      'alter table reset_receipt drop constraint reset_receipt_account_id_from_version_unique',
      'reset_receipt_account_id_from_version_unique',
    ],
    [
      'a lost foreign key',
      'alter table reset_receipt drop constraint reset_receipt_account_id_fkey',
      'reset_receipt_account_id_fkey',
    ],
    ['a column more', 'alter table account add column nickname text', 'nickname'],
    ['a column that may be null', 'alter table account alter column status drop not null', 'status'],
    ['another collation', 'alter table account alter column email type text', 'email'],
  ])('are told apart by %s', async (_what, sql, named) => {
    await database.query(sql);
    try {
      expect(await difference()).toContain(named);
    } finally {
      await database.query(await difference());
    }
    expect(await difference()).toBe('');
  });
});
