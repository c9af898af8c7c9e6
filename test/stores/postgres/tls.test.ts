import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isDatabaseAway } from '../../../src/calls/unavailable.js';
import { openDatabase } from '../../../src/services/database.js';
import { migrationStatus } from '../../../src/services/migrate.js';
import { createAuthority } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { OwnPostgres } from '../../support/own-postgres.js';

const authority = createAuthority();
let folder: string;
let postgres: OwnPostgres;
/** Starts a server that accepts encrypted connections only. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-ca-'));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const ca = await file('ca.pem', authority.certificate);
  await file('other.pem', createAuthority('another').certificate);
  const server = authority.issue('db', ['127.0.0.1', 'localhost']);
  const elsewhere = authority.issue('db', ['db.example']);
  postgres = await OwnPostgres.start({
    settings: ['ssl=on'],
    files: {
      'server.crt': server.certificate,
      'server.key': server.key,
      'elsewhere.crt': elsewhere.certificate,
      'elsewhere.key': elsewhere.key,
      'pg_hba.conf': 'hostssl all latchkey all trust\nhostssl all all all scram-sha-256\n',
    },
    parameters: `?sslmode=verify-full&sslrootcert=${ca}`,
  });
  await postgres.query("create role bound login superuser password 'a password'");
});
afterAll(async () => {
  await postgres?.drop();
  await rm(folder, { recursive: true, force: true });
});

const withQuery = (query: string, credentials = 'latchkey') =>
  `${postgres.urlOf('latchkey').replace('latchkey@', `${credentials}@`).split('?')[0]}?${query.replaceAll('@', folder)}`;
/** Whether a connection can be opened. */
async function opens(query: string, credentials?: string): Promise<boolean> {
  const orm = openDatabase(withQuery(query, credentials));
  try {
    await orm.em.fork().execute('select 1');
    return true;
  } catch (error) {
    expect(isDatabaseAway(error), `${error}`).toBe(true);
    return false;
  } finally {
    await orm.close(true);
  }
}

it('encrypts every connection of both pools, of LISTEN and of migrations, and says so', async () => {
  let latchkey: TestLatchkey | undefined;
  try {
    latchkey = await startLatchkey({
      database: { ...postgres, url: postgres.url, query: (sql) => postgres.query(sql), drop: async () => undefined },
    });
    await latchkey.signUp('alice@example.com', 'a password for alice');
    await latchkey.keyFor('alice@example.com');
    const lines = await postgres.query<{ name: string; ssl: boolean }>(
      `select application_name as name, ssl from pg_stat_ssl join pg_stat_activity using (pid)
        where application_name like 'latchkey%'`,
    );
    const names = new Set(lines.map(({ name }) => name));
    expect(names).toContain('latchkey');
    expect(names).toContain('latchkey worker jobs');
    expect(lines.filter(({ ssl }) => !ssl)).toEqual([]);
    expect(await (await fetch(`${latchkey.url}/readyz`)).json()).toMatchObject({
      status: 'ok',
      lines: { postgres: 'verified' },
    });
    expect((await latchkey.services.metrics.text()).body).toContain(
      'latchkey_store_line_encrypted{store="postgres",security="verified"} 1',
    );
  } finally {
    await latchkey?.close();
  }
  expect(await migrationStatus(postgres.url)).toMatchObject({ current: true });
});

it('connects to no server that it cannot verify, and to none without encryption', async () => {
  for (const query of ['', 'sslmode=disable', 'sslmode=verify-full', 'sslmode=verify-ca&sslrootcert=@/other.pem']) {
    expect(await opens(query), query).toBe(false);
  }
  expect(await opens('sslmode=require')).toBe(true);
  expect(() => withPrefer()).toThrow(/sslmode=prefer/);
});
const withPrefer = () => openDatabase(withQuery('sslmode=prefer'));

it('tells the names in certificates apart by sslmode, as libpq does', async () => {
  const session = await postgres.session();
  await session.query("alter system set ssl_cert_file = 'elsewhere.crt'");
  await session.query("alter system set ssl_key_file = 'elsewhere.key'");
  await session.query('select pg_reload_conf()');
  try {
    await eventually(
      () => opens('sslmode=verify-full&sslrootcert=@/ca.pem'),
      (open) => !open,
    );
    expect(await opens('sslmode=verify-ca&sslrootcert=@/ca.pem')).toBe(true);
    expect(await opens('sslmode=require&sslrootcert=@/ca.pem')).toBe(true);
    expect(await opens('sslmode=require&sslrootcert=@/other.pem')).toBe(false);
  } finally {
    await session.query('alter system reset all');
    await session.query('select pg_reload_conf()');
    await session.end();
  }
});

it('holds the server to channel_binding=require', async () => {
  const query = 'sslmode=verify-full&sslrootcert=@/ca.pem';
  await eventually(
    () => opens(query, 'bound:a%20password'),
    (open) => open,
  );
  expect(await opens(`${query}&channel_binding=require`, 'bound:a%20password')).toBe(true);
  // The server trusts the role `latchkey` without a password. Without SCRAM no channel is bound.
  expect(await opens(query)).toBe(true);
  expect(await opens(`${query}&channel_binding=require`)).toBe(false);
});
