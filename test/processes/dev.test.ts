import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { Inbox } from '../../src/dev/inbox/inbox.js';
import { freePort } from '../support/free-port.js';
import { killAll, Latchkey, type Settings } from '../support/processes.js';
import { createDatabase, createRedis, hasRedisServer } from '../support/stores.js';

vi.setConfig({ testTimeout: 90_000 });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-dev-'));
  // If root starts it, PostgreSQL runs as another user, who must be able to enter this folder.
  await chmod(folder, 0o755);
  const own = folder;
  onTestFinished(async () => {
    await killAll();
    await rm(own, { recursive: true, force: true, maxRetries: 5 });
  });
});
afterAll(killAll);

const start = (settings: Settings = {}) => Latchkey.start(['dev'], { PORT: '0', OPS_PORT: '0', ...settings }, folder);
const isUp = async (dev: Latchkey) => {
  await dev.said(/Ctrl-C ends everything/, 60_000);
  return dev.said(/Reset page +(\S+)\/reset-password/);
};
const person = { email: 'alice@example.com', password: 'the password that stays' };
const signIn = async (url: string) => (await createLatchkeyClient({ url }).signIn(person)).__typename;
const page = async (url: string) => {
  const response = await fetch(url, { headers: { accept: 'text/html' } });
  return { status: response.status, type: response.headers.get('content-type')?.split(';')[0] };
};
/** Variables that a developer's shell may hold: for other servers, and with a locale and time zone unknown here. */
const shell: Settings = {
  PGHOST: 'nowhere.invalid',
  PGPORT: '1',
  PGUSER: 'somebody',
  PGPASSWORD: 'else',
  PGDATABASE: 'other',
  PGSSLMODE: 'verify-full',
  PGOPTIONS: '-c search_path=nowhere -c default_transaction_read_only=on',
  PGDATA: '/nowhere',
  LC_ALL: 'xx_YY.UTF-8',
  TZ: 'Nowhere/Bad',
};

describe('latchkey dev in an empty folder', () => {
  it('says where to go, answers there, keeps accounts between runs and after a crash, and runs once per folder', async () => {
    const first = start(shell);
    const url = await isUp(first);
    expect(url).toMatch(/^http:\/\/localhost:[1-9]\d+$/);
    for (const line of ['/reset-password', '/graphql', '/inbox']) expect(first.output).toContain(`${url}${line}\n`);
    const toTry = /^ {2}Account +(try@example\.com), password (\S{19}) \(told once\)$/m.exec(first.output);
    const [, email = '', password = ''] = toTry ?? [];
    expect(await createLatchkeyClient({ url }).signIn({ email, password })).toMatchObject({ __typename: 'SignedIn' });
    expect(first.output).toMatch(/^ {2}PostgreSQL +PostgreSQL \d+.*data kept in/m);
    expect(first.output).toMatch(/^ {2}Redis +\S/m);
    for (const path of ['/', '/reset-password', '/graphql', '/inbox']) {
      expect(await page(`${url}${path}`), path).toEqual({ status: 200, type: 'text/html' });
    }

    const client = createLatchkeyClient({ url });
    expect(await client.signUp(person)).toMatchObject({ __typename: 'SignedUp' });
    await client.requestPasswordReset({ email: person.email });
    await vi.waitFor(async () => expect(await (await fetch(`${url}/inbox`)).text()).toContain(person.email), 10_000);
    await first.said(/\d\d:\d\d:\d\d {2}requestPasswordReset {2}PasswordResetRequested/);
    const shown = await first.said(/ {2}mail +\S.* to alice@example\.com {2}(http:\/\/localhost:\d+\/inbox\/\S+)/);
    expect(await page(shown)).toEqual({ status: 200, type: 'text/html' });

    const second = await start().ended;
    expect(second).toMatchObject({ code: 1, output: '' });
    expect(second.errors).toMatch(/^latchkey: .*\.latchkey is in use by process \d+\. Stop that process first.*\n$/);
    expect(second.errors).toContain(`process ${first.pid}`);
    const same = await start({ PORT: new URL(url).port }).ended;
    expect(same.errors).toBe(second.errors);

    expect(await first.stop('SIGINT')).toMatchObject({ code: 0, errors: '' });
    await expect(fetch(url)).rejects.toThrow();

    const third = start();
    expect(await signIn(await isUp(third))).toBe('SignedIn');
    expect(third.output).not.toContain('told once');
    expect(await third.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });

    const fourth = start();
    const again = await isUp(fourth);
    expect(await signIn(again)).toBe('SignedIn');
    expect(await (await fetch(`${again}/inbox`)).text()).toContain(person.email);
    expect(await fourth.stop('SIGTERM')).toMatchObject({ code: 0, errors: '' });
    expect(existsSync(join(folder, '.latchkey/lock'))).toBe(false);
  });

  it('stopped while it starts leaves no server behind', async () => {
    const dev = start();
    await vi.waitFor(() => expect(existsSync(join(folder, '.latchkey/postgres/postgres.log'))).toBe(true), 20_000);
    expect(await dev.stop('SIGINT')).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, '.latchkey/postgres/postgres.log'), 'utf8')).toMatch(/shut down\n$/);
    expect(existsSync(join(folder, '.latchkey/lock'))).toBe(false);
  });

  it.each(['PORT', 'OPS_PORT'])('tells which setting asked for a taken port: %s', async (setting) => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { code, output, errors } = await start({ [setting]: String(port) }).ended;
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(
      new RegExp(`^latchkey: port ${port} .* taken by another program; .* ${setting}=${port + 1} npm start\\n$`),
    );
    expect(existsSync(join(folder, '.latchkey/postgres'))).toBe(false);
    expect(existsSync(join(folder, '.latchkey/lock'))).toBe(false);
  });

  it('refuses production and the database of another machine, and makes nothing', async () => {
    const stores = { DATABASE_URL: 'postgres://u:p@db.invalid/x', REDIS_URL: 'redis://redis.invalid' };
    const production = await start({ NODE_ENV: 'production', ...stores }).ended;
    expect(production).toMatchObject({ code: 1, output: '' });
    expect(production.errors).toMatch(/^latchkey: .* refuse NODE_ENV=production.*`latchkey api`.*\n$/);
    const unsaid = await start(stores).ended;
    expect(unsaid).toMatchObject({ code: 1, output: '' });
    expect(unsaid.errors).toMatch(/^latchkey: DATABASE_URL leads to another machine.*--yes-this-is-development.*\n$/);
    expect(existsSync(join(folder, '.latchkey'))).toBe(false);
    const said = await Latchkey.start(
      ['dev', '--yes-this-is-development'],
      { ...stores, PORT: '0', OPS_PORT: '0' },
      folder,
    ).ended;
    expect(said.code).toBe(1);
    expect(said.errors).not.toContain('another machine');
  });

  it('tells wrong settings before anything is made', async () => {
    const { code, errors } = await start({ RESET_KEY_TTL: 'soon', REDIS_URL: 'http://x' }).ended;
    expect(code).toBe(1);
    expect(errors).toMatch(/^latchkey: 2 wrong setting\(s\):\n {2}REDIS_URL: .*\n {2}RESET_KEY_TTL: was "soon"/);
    expect(existsSync(join(folder, '.latchkey'))).toBe(false);
  });
});

describe('latchkey dev takes the real part in place of the embedded one where a setting names it', () => {
  const parts = ['postgres', 'redis', 'inbox'];
  const embedded = () => parts.filter((part) => existsSync(join(folder, '.latchkey', part)));
  const ask = async (url: string) => {
    const client = createLatchkeyClient({ url });
    expect(await client.signUp(person)).toMatchObject({ __typename: 'SignedUp' });
    expect(await client.requestPasswordReset({ email: person.email })).toMatchObject({
      __typename: 'PasswordResetRequested',
    });
  };
  const arrived = (url: string) =>
    vi.waitFor(async () => expect(await (await fetch(`${url}/inbox`)).text()).toContain(person.email), 10_000);

  it('DATABASE_URL', async () => {
    const database = await createDatabase();
    const dev = start({ DATABASE_URL: database.url });
    const url = await isUp(dev);
    await ask(url);
    await arrived(url);
    expect(dev.output).toMatch(/PostgreSQL +as DATABASE_URL says/);
    expect(await database.query('select email from account')).toEqual([{ email: person.email }]);
    expect(embedded()).not.toContain('postgres');
    expect(embedded()).toContain('inbox');
    expect(await dev.stop('SIGTERM')).toMatchObject({ code: 0, errors: '' });
    await database.drop();
  });

  it.skipIf(!hasRedisServer)('REDIS_URL (needs a redis-server on PATH)', async () => {
    const redis = await createRedis();
    const dev = start({ REDIS_URL: redis.url });
    const url = await isUp(dev);
    await ask(url);
    await arrived(url);
    expect(dev.output).toMatch(/Redis +as REDIS_URL says/);
    const own = new Redis(redis.url ?? '');
    expect((await own.keys('reset:*')).length).toBeGreaterThan(0);
    own.disconnect();
    expect(embedded()).toEqual(['postgres', 'inbox']);
    expect(await dev.stop('SIGTERM')).toMatchObject({ code: 0, errors: '' });
    await redis.stop();
  });

  it('SMTP_URL', async () => {
    // With an existing database: making one takes seconds, and the two tests before do it.
    const [inbox, database] = await Promise.all([Inbox.start(), createDatabase()]);
    const dev = start({ SMTP_URL: inbox.smtpUrl, DATABASE_URL: database.url });
    const url = await isUp(dev);
    await ask(url);
    await inbox.waitFor(
      (mail) => mail.envelope.to.includes(person.email) && mail.text.includes(`${url}/reset-password#key=`),
    );
    expect(dev.output).toMatch(/Inbox +SMTP_URL is set: mails leave this machine/);
    expect((await fetch(`${url}/inbox`)).status).toBe(404);
    expect(embedded()).not.toContain('inbox');
    expect(await dev.stop('SIGTERM')).toMatchObject({ code: 0, errors: '' });
    await Promise.all([inbox.stop(), database.drop()]);
  });
});
