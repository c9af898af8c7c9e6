import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantsSql } from '../../../src/services/grants.js';
import { migrateUp } from '../../../src/services/migrate.js';
import { schemasOf } from '../../../src/stores/postgres/schemas.js';
import { eventually } from '../../support/eventually.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { type App, endsOf, ours, startBeside, users, usersShape } from './app.js';

/** All that the process needs of the app. */
const rights = `
  grant select (id, email, password, language, deleted_at, updated_at, token_version) on users to latchkey_api, latchkey_worker;
  grant update (password, updated_at, token_version) on users to latchkey_api;
  grant select (user_id), delete on sessions to latchkey_api`;

let server: OwnPostgres;
let app: App;
beforeAll(async () => {
  const secret = randomBytes(32).toString('base64url');
  server = await OwnPostgres.start();
  await migrateUp(server.url, { secrets: [secret] });
  await server.query(`set search_path to public; ${users}; reset search_path`);
  await server.query(
    grantsSql({ migrate: 'latchkey_migrate', api: 'latchkey_api', worker: 'latchkey_worker' }, schemasOf()),
  );
  // One process has both tasks here, so one role has the rights of both.
  await server.query('grant latchkey_worker to latchkey_api');
  const database = {
    url: server.urlOf('latchkey', 'latchkey_api'),
    query: server.query.bind(server),
    drop: () => server.drop(),
  };
  app = await startBeside('select 1', usersShape, { database, env: { SECRET: secret } });
});
afterAll(() => app?.close());

const health = () => app.latchkey.services.health();
const ready = async () => (await fetch(`${app.latchkey.url}/readyz`)).status;

describe('without a right on the table', () => {
  it('the part "accounts" names what is missing, the process takes calls, and requests are answered for everybody', async () => {
    const { parts, status } = await health();
    expect(parts).toMatchObject({
      postgres: 'ok',
      accounts: 'forbidden: 42501 permission denied for table users, permission denied for table sessions',
    });
    expect([status, await ready()]).toEqual(['degraded', 200]);
    const { client } = app.latchkey;
    const answers = await Promise.all(
      ['alice@example.com', 'nobody@example.com'].map((email) => client.requestPasswordReset({ email })),
    );
    expect(answers[0]).toMatchObject({ __typename: 'PasswordResetRequested' });
    expect(answers[1]).toEqual(answers[0]);
    expect(await client.signIn({ email: 'alice@example.com', password: 'a long phrase here' })).toMatchObject({
      __typename: 'TemporarilyUnavailable',
    });
    expect(app.latchkey.logged()).toContain('permission denied for table users');
  });

  it('and once it is granted, what was asked for before is delivered, and the state is whole', async () => {
    await server.query(rights);
    await eventually(
      () => server.query(`update ${ours.jobs} set start_after = now() where state = 'retry' returning 1`),
      (rows) => rows.length > 0,
    );
    expect(await endsOf(app, 'alice@example.com')).toEqual(['sent']);
    await eventually(
      async () => (await health()).parts.accounts,
      (state) => state === 'ok',
    );
    const mail = await app.latchkey.inbox.waitFor(({ to }) => to === 'alice@example.com');
    const [key = ''] = /(?<=#key=)[\w-]{43}/.exec(mail.text) ?? [];
    expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    const [row] = await server.query(
      'select token_version, (select count(*)::int from sessions where user_id = 41) as sessions from users where id = 41',
    );
    expect(row).toEqual({ token_version: 1, sessions: 0 });
  });

  it('the right to write alone may be missing', async () => {
    const key = await app.latchkey.keyFor('bob@example.com');
    await server.query(
      'revoke update (password) on users from latchkey_api; revoke delete on sessions from latchkey_api',
    );
    expect(await app.reset(key)).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    const state = await eventually(
      async () => (await health()).parts.accounts,
      (each) => each !== 'ok',
    );
    expect(state).toMatch(/^forbidden: 42501 permission denied for table (users|sessions)/);
    await server.query(rights);
    expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
  });
});
