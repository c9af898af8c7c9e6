import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeFault } from '../../../src/observability/log.js';
import { openDatabase } from '../../../src/services/database.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { OwnPostgres } from '../../support/own-postgres.js';

let postgres: OwnPostgres;
let latchkey: TestLatchkey;
beforeAll(async () => {
  postgres = await OwnPostgres.start();
  latchkey = await startLatchkey({ database: postgres });
});
afterAll(() => latchkey?.close());

const ready = async () => {
  const response = await fetch(`${latchkey.url}/readyz`);
  return { status: response.status, body: (await response.json()) as { parts: Record<string, string> } };
};
const says = (word: string) => eventually(ready, ({ body }) => body.parts.postgres === word);
const request = async () => (await latchkey.client.requestPasswordReset({ email: 'alice@example.com' })).__typename;
const oldLines = () =>
  postgres.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = 'latchkey' and backend_start < (select at from switched)",
  );

it('leaves a demoted primary that kept its connections, and works as soon as there is a primary again', async () => {
  await latchkey.signUp('alice@example.com', 'a password for alice');
  await Promise.all(Array.from({ length: 8 }, () => latchkey.services.orm.em.fork().execute('select pg_sleep(0.1)')));
  await postgres.query('create table switched as select clock_timestamp() as at');
  await postgres.query('alter system set default_transaction_read_only = on');
  await postgres.query('select pg_reload_conf()');
  expect(await says('read-only: 25006')).toMatchObject({ status: 503, body: { status: 'degraded' } });
  expect(await request()).toBe('TemporarilyUnavailable');
  expect(await latchkey.signIn('alice@example.com', 'a password for alice')).toBeDefined();
  await eventually(oldLines, (lines) => lines.length === 0);

  const session = await postgres.session();
  await session.query('set default_transaction_read_only = off');
  await session.query('alter system reset default_transaction_read_only');
  await session.query('select pg_reload_conf()');
  await session.end();
  expect(await says('ok')).toMatchObject({ status: 200 });
  expect(await Promise.all([1, 2, 3, 4, 5].map(request))).toEqual(Array(5).fill('PasswordResetRequested'));
});

it('names the missing right at /readyz, and answers nobody with a bug', async () => {
  await postgres.query('create role limited login');
  await postgres.query(`grant usage on schema latchkey, latchkey_jobs to limited`);
  await postgres.query(`grant all on all tables in schema latchkey to limited`);
  await postgres.query(`grant all on all tables in schema latchkey_jobs to limited`);
  await postgres.query('revoke insert on audit_event from limited');
  const limited = await startLatchkey({
    database: { url: postgres.urlOf('latchkey', 'limited'), query: async () => [], drop: async () => undefined },
    env: { SECRET: latchkey.settings.secrets[0] ?? '' },
  });
  try {
    const response = await fetch(`${limited.url}/readyz`);
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { status: 'degraded', parts: { postgres: 'forbidden: 42501 insert on audit_event' } },
    ]);
    expect(limited.logged()).toMatch(/postgres-forbidden.*insert on audit_event/);
    const answer = await limited.client.signUp({ email: 'carol@example.com', password: 'a password for carol' });
    expect(answer.__typename).toBe('TemporarilyUnavailable');
  } finally {
    await limited.close();
  }
});

it('says which limit it met: its own, or one of the server', async () => {
  const own = openDatabase(postgres.url, { poolSize: 1 });
  const held = own.em.fork();
  await held.begin();
  const exhausted = await own.em
    .fork()
    .execute('select 1')
    .catch((error: unknown) => describeFault(error));
  expect(exhausted).toMatchObject({ limit: 'DATABASE_POOL' });
  await held.rollback();
  await own.close(true);

  await postgres.query('create role shut login connection limit 0');
  const shut = openDatabase(postgres.urlOf('latchkey', 'shut'), { poolSize: 5 });
  const refused = await shut.em
    .fork()
    .execute('select 1')
    .catch((error: unknown) => describeFault(error));
  expect(refused).toMatchObject({ code: '53300', limit: 'connection limit of the role' });
  await shut.close(true);
});

it('shares the connections that the server allows, also when those opened together keep each other out', async () => {
  await postgres.query('create role narrow login connection limit 2');
  for (let round = 0; round < 8; round++) {
    const narrow = openDatabase(postgres.urlOf('latchkey', 'narrow'), { poolSize: 5 });
    const turns = await Promise.all(
      Array.from({ length: 10 }, () => narrow.em.fork().execute('select 1 as one, pg_sleep(0.02)')),
    ).finally(() => narrow.close(true));
    expect(turns).toHaveLength(10);
  }
});
