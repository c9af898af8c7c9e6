import { execFile, spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { copyBinaries, findPostgresBinaries } from '../../../src/dev/postgres/binaries.js';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../../../src/dev/postgres/embedded-postgres.js';
import { ends, isRoot, killHard, pidIn, startOwner, temporaryFolder } from '../helpers.js';

const noSync = ['-c', 'fsync=off'];

async function start(options: EmbeddedPostgresOptions) {
  const postgres = await startEmbeddedPostgres({ postgresFlags: noSync, ...options });
  onTestFinished(() => postgres.stop());
  return postgres;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A folder that every user can enter, so that data and binaries can stay in it even if root runs the test. */
async function openFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await chmod(folder, 0o711);
  return folder;
}

let stopped: Promise<string> | undefined;
afterAll(async () => {
  if (stopped) await rm(join(await stopped, '..'), { recursive: true, force: true });
});

/** The folder of a stopped server: a copy, because making one takes seconds. */
async function folderOfStopped(): Promise<string> {
  stopped ??= (async () => {
    const open = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
    await chmod(open, 0o711);
    const made = join(open, 'postgres');
    await (await startEmbeddedPostgres({ folder: made, postgresFlags: noSync })).stop();
    return made;
  })();
  const folder = join(await openFolder(), 'postgres');
  await promisify(execFile)('cp', ['-a', await stopped, folder]);
  return folder;
}

describe('embedded PostgreSQL', () => {
  it('keeps rows over a stop and a start, on 127.0.0.1 only, in UTF-8, with checked passwords', async () => {
    const folder = join(await openFolder(), 'postgres');
    const first = await start({ folder });
    await ask(first.url, "CREATE TABLE note (text text); INSERT INTO note VALUES ('Grüße')");
    const [settings] = await ask(
      first.url,
      `SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
        current_setting('server_encoding') AS encoding, current_database() AS database`,
    );
    expect(settings).toEqual({ addresses: '127.0.0.1', sockets: '', encoding: 'UTF8', database: 'latchkey' });
    const wrong = first.url.replace(/:[^:@]+@/, ':wrong@');
    await expect(ask(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    await first.stop();
    await first.stop();
    await expect(ask(first.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    const second = await start({ folder });
    expect(await ask(second.url, 'SELECT text FROM note')).toEqual([{ text: 'Grüße' }]);
    expect((await stat(join(folder, 'postgres-password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'data'))).uid === 0).toBe(false);
  });

  it('syncs to disk unless told otherwise, and creates the database asked for', async () => {
    const folder = await folderOfStopped();
    const postgres = await start({ folder, database: 'other "one"', postgresFlags: [] });
    expect(await ask(postgres.url, "SELECT current_setting('fsync') AS fsync, current_database() AS name")).toEqual([
      { fsync: 'on', name: 'other "one"' },
    ]);
  });

  it('stops the server that a killed owner left, and goes on with its data', async () => {
    const folder = await folderOfStopped();
    const owner = await startOwner('postgres', folder);
    await ask(owner.url, 'CREATE TABLE note AS SELECT 1 AS number');
    const leftover = await pidIn(join(folder, 'data', 'postmaster.pid'));
    await killHard(owner);
    expect(await ask(owner.url, 'SELECT number FROM note')).toEqual([{ number: 1 }]);

    const next = await start({ folder });
    expect(await ends(leftover, 100)).toBe(true);
    expect(await ask(next.url, 'SELECT number FROM note')).toEqual([{ number: 1 }]);
  });

  it('spares another program that has the process id of a server long gone', async () => {
    const folder = await folderOfStopped();
    const other = spawn('sleep', ['60']);
    onTestFinished(() => void other.kill());
    await writeFile(join(folder, 'data', 'postmaster.pid'), `${other.pid}\n${join(folder, 'data')}\n`);
    // PostgreSQL itself may take the pid file for that of a live server, and refuse to start.
    await startEmbeddedPostgres({ folder }).then(
      (postgres) => postgres.stop(),
      () => {},
    );
    expect(await ends(other.pid ?? 0, 200)).toBe(false);
  });

  it('ends with its owner when that exits without stopping it', async () => {
    const folder = await folderOfStopped();
    const { url } = await startOwner('postgres', folder, { args: ['/unused', 'exit'] });
    const refused = expect.stringContaining('ECONNREFUSED');
    await expect.poll(() => ask(url, 'SELECT 1').then(String, String), { timeout: 5_000 }).toEqual(refused);
  });

  it('throws a half-finished initdb away', async () => {
    const folder = join(await openFolder(), 'postgres');
    await mkdir(join(folder, 'initdb-0000', 'base'), { recursive: true });
    await mkdir(join(folder, 'data', 'base'), { recursive: true });
    if (isRoot) {
      const { uid, gid } = await serverUser();
      await chown(join(folder, 'data'), uid, gid);
    }
    await start({ folder });
    expect((await readdir(folder)).sort()).toEqual(['data', 'postgres-password', 'postgres.log']);
  });

  it('refuses data of another major version and says what to do', async () => {
    const folder = await folderOfStopped();
    await writeFile(join(folder, 'data', 'PG_VERSION'), '17\n');
    await expect(startEmbeddedPostgres({ folder })).rejects.toThrow(/PostgreSQL 17, the installed one is 18.*Remove/);
  });

  it('shows the log when the server does not start', async () => {
    const folder = await folderOfStopped();
    const postgresFlags = ['-c', 'max_connections=none'];
    await expect(startEmbeddedPostgres({ folder, postgresFlags })).rejects.toThrow(
      /did not start: ended \(1\)[\s\S]*FATAL:.*"max_connections"[\s\S]*remove the folder .*\/postgres/,
    );
  });

  it('says so when the password does not fit the data', async () => {
    const folder = await folderOfStopped();
    await rm(join(folder, 'postgres-password'));
    await expect(startEmbeddedPostgres({ folder })).rejects.toThrow(
      /password authentication failed[\s\S]*remove the folder/,
    );
  });
});

describe.skipIf(!isRoot)('embedded PostgreSQL started by root (skipped unless root)', { timeout: 60_000 }, () => {
  it('lays binaries and data out elsewhere when the folder and node_modules are closed to its user', async () => {
    const [closed, systemFolder] = [await temporaryFolder(), join(await openFolder(), 'system')];
    const binaries = join(closed, 'node_modules', 'native');
    await mkdir(dirname(binaries));
    const { folder: native } = await findPostgresBinaries();
    await promisify(execFile)('cp', ['-al', native, binaries]).catch(() =>
      promisify(execFile)('cp', ['-a', native, binaries]),
    );
    const folder = join(closed, 'postgres');
    const first = await start({ folder, binaries, systemFolder });
    await ask(first.url, 'CREATE TABLE note AS SELECT 1 AS number');
    const pid = await pidIn(join(await dataIn(folder), 'postmaster.pid'));
    expect(await promisify(execFile)('readlink', [`/proc/${pid}/exe`])).toMatchObject({
      stdout: `${systemFolder}/postgres-18.4/bin/postgres\n`,
    });
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
    await first.stop();

    const second = await start({ folder, binaries, systemFolder });
    expect(await ask(second.url, 'SELECT number FROM note')).toEqual([{ number: 1 }]);
    expect(second.description).toContain(systemFolder);
    await second.stop();

    // Removing the folder starts afresh, even when the data is kept elsewhere.
    await rm(folder, { recursive: true });
    const afresh = await start({ folder, binaries, systemFolder });
    await expect(ask(afresh.url, 'SELECT number FROM note')).rejects.toMatchObject({ code: '42P01' });
    await afresh.stop();

    // The data of a removed folder is never used again: the next start, of any folder, removes it.
    const abandoned = await dataIn(folder);
    await rm(folder, { recursive: true });
    await start({ folder: join(closed, 'another'), binaries, systemFolder });
    await expect(stat(abandoned)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves the binaries in place when only the data is out of reach', async () => {
    const [folder, systemFolder] = [await temporaryFolder(), join(await openFolder(), 'system')];
    await start({ folder, systemFolder, binaries: await openBinaries() });
    expect(await dataIn(folder)).toContain(systemFolder);
    expect((await readdir(systemFolder)).filter((name) => name.startsWith('postgres-'))).toEqual([]);
  });

  it('runs for an ordinary user, whose data root then leaves alone, and the other way round', async () => {
    const folder = join(await openFolder(), 'postgres');
    const binaries = await openBinaries();
    const as = (id: number) => ({ env: { ...process.env, OWNER_ID: String(id), OWNER_BINARIES: binaries } });
    const nobody = { uid: 65534, gid: 65534 };
    // A user that root does not choose for the server, unlike nobody.
    const ordinary = { uid: 12_345, gid: 12_345 };
    await mkdir(folder);
    await chown(folder, nobody.uid, nobody.gid);
    const owner = await startOwner('postgres', folder, as(nobody.uid));
    expect(await ask(owner.url, 'SELECT 1 AS number')).toEqual([{ number: 1 }]);
    await expect(startOwner('postgres', folder, as(ordinary.uid))).rejects.toThrow(
      /belongs to the user with id 65534, not to you/,
    );
    await killHard(owner);
    await (await start({ folder, binaries })).stop();

    await chown(join(folder, 'data'), ordinary.uid, ordinary.gid);
    await expect(startEmbeddedPostgres({ folder, binaries })).rejects.toThrow(
      /belongs to the user with id 12345, but started by/,
    );
  });
});

/** A copy of the package's binaries that every user can reach, wherever the checkout is. */
async function openBinaries(): Promise<string> {
  const { folder } = await findPostgresBinaries();
  const copy = join(await openFolder(), 'native');
  await copyBinaries(folder, copy);
  return copy;
}

async function serverUser(): Promise<{ uid: number; gid: number }> {
  const { unprivilegedUsers } = await import('../../../src/dev/postgres/server-user.js');
  const [user] = await unprivilegedUsers();
  if (!user) throw new Error('Neither postgres nor nobody');
  return user;
}

async function dataIn(folder: string): Promise<string> {
  const note = await readFile(join(folder, 'data-location.txt'), 'utf8');
  return join(note.split('\n')[1] ?? '', 'data');
}
