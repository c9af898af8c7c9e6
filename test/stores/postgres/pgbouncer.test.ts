import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { migrateUp, migrationStatus } from '../../../src/services/migrate.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { hasPgBouncer, type Pooler, startPgBouncer } from '../../support/pgbouncer.js';
import { createDatabase, type TestDatabase } from '../../support/stores.js';

describe.skipIf(!hasPgBouncer)('through PgBouncer with its defaults (needs pgbouncer)', () => {
  let latchkey: TestLatchkey | undefined;
  let pooler: Pooler | undefined;
  afterEach(async () => {
    await pooler?.stop();
    await latchkey?.close();
  });

  const start = async (mode: 'session' | 'transaction', direct = false) => {
    const database: TestDatabase = await createDatabase();
    pooler = await startPgBouncer(database.url, mode);
    const env = { DATABASE_URL: pooler.url, ...(direct ? { DATABASE_DIRECT_URL: database.url } : {}) };
    latchkey = await startLatchkey({ database, env });
    return { latchkey, pooler, database };
  };

  it.each(['session', 'transaction'] as const)('%s mode: everything works, and every timeout holds', async (mode) => {
    const { latchkey, pooler } = await start(mode);
    await latchkey.signUp('alice@example.com', 'a password for alice');
    const key = await latchkey.keyFor('alice@example.com');
    const password = 'quite another password';
    expect(await latchkey.client.resetPassword({ key, password })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
    expect(await latchkey.signIn('alice@example.com', password)).toBeDefined();
    const asked = "select current_setting('statement_timeout') as one, current_setting('lock_timeout') as other";
    const bounds = await Promise.all(Array.from({ length: 12 }, () => latchkey.services.orm.em.fork().execute(asked)));
    expect(new Set(bounds.map((each) => JSON.stringify(each)))).toEqual(new Set(['[{"one":"5s","other":"3s"}]']));
    // Our settings do not stay for the next client that gets the same server connection from PgBouncer.
    const other = new pg.Client({ connectionString: pooler.url });
    await other.connect();
    expect((await other.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '0' }]);
    await other.end();
    const ready = await fetch(`${latchkey.url}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ok' }]);
    const deaf = latchkey.logged().includes('no-notifications');
    expect(deaf).toBe(mode === 'transaction');
  });

  it('listens on DATABASE_DIRECT_URL, where it is set', async () => {
    const { latchkey, database } = await start('transaction', true);
    await latchkey.signUp('bob@example.com', 'a password for bobby');
    await latchkey.keyFor('bob@example.com');
    expect(latchkey.logged()).not.toContain('no-notifications');
    expect(
      await database.query("select 1 from pg_stat_activity where application_name = 'latchkey worker listens'"),
    ).toHaveLength(1);
  });

  it('migrates through it, too', async () => {
    const { pooler } = await start('transaction');
    expect(await migrateUp(pooler.url)).toContain('the database was at this version already');
    expect(await migrationStatus(pooler.url)).toMatchObject({ current: true });
    await eventually(
      async () => latchkey?.services.jobs.started,
      (started) => started === true,
    );
  });
});
