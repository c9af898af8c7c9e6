import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { Load, recovery } from './load.js';
import { onSmallFileSystem, type SmallDisk, underQuota } from './small-disk.js';

vi.setConfig({ testTimeout: 120_000 });

const small = await onSmallFileSystem();
// The quota works everywhere. A small file system is tested as well where this process may mount one.
const disks = [['a quota', underQuota] as const, ...(small ? [['a small file system', small] as const] : [])];

describe.each(disks)('PostgreSQL on %s', (name, prepare) => {
  let disk: SmallDisk;
  let latchkey: TestLatchkey;
  let load: Load;
  beforeAll(async () => {
    disk = await prepare();
    const { postgres } = disk;
    const env = { DATABASE_URL: postgres.url, HASH_CONCURRENCY: '2' };
    latchkey = await startLatchkey({ database: postgres, env, withoutWorker: true });
    load = await Load.of(latchkey, 2, 'full');
  });
  afterAll(async () => {
    await disk.free();
    await latchkey.close();
    await disk.remove();
  });

  const person = (index: number) => load.people[index] ?? { email: '', id: '', password: '', version: 0 };
  const request = () =>
    load.call('request', () => latchkey.client.requestPasswordReset({ email: 'nobody@example.com' }));
  const requests = async () =>
    (await disk.postgres.query(`select 1 from job where data ->> 'email' = 'nobody@example.com'`)).length;
  const say = (what: string, took: object) =>
    console.info(
      `${name}, ${what}: ms until ready, accepted, mailed: ${Object.values(took).join(', ')}; ${JSON.stringify(load.tally)}`,
    );

  // Shows: F-15
  it('that is full for tables: nothing is accepted, keys stay alive, and all works again once there is room', async () => {
    const key = await load.mint(person(0));
    const password = 'a password set when there is room';
    const reset = () => load.call('reset', () => latchkey.client.resetPassword({ key, password }));
    await disk.fill();
    let accepted = 0;
    // A request whose rows fit into an existing page is rightly accepted.
    for (let refused = 0; refused < 5; ) {
      const result = await request();
      refused = result?.__typename === 'TemporarilyUnavailable' ? refused + 1 : 0;
      accepted += Number(refused === 0);
      expect(accepted).toBeLessThan(2_000);
    }
    expect(await reset()).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await load.call('inspect', () => latchkey.client.passwordResetKey(key))).toMatchObject({
      __typename: 'ResetKeyValid',
    });
    expect(await load.signIn(person(0))).toBeDefined();
    expect(await requests()).toBe(accepted);

    await disk.free();
    // The worker starts only now, because its writes sometimes free room for more rows.
    await latchkey.startWorker();
    const took = await recovery(latchkey, person(1).email);
    say('tables', took);
    expect(took.mailed).toBeLessThan(20_000);
    expect(await reset()).toMatchObject({ __typename: 'PasswordResetCompleted' });
    Object.assign(person(0), { password, version: 2 });
    expect(await load.contradictions(disk.postgres)).toEqual([]);
  });

  it('that is full for the log: PostgreSQL panics, calls are told to try again, and all works again after its start', async () => {
    const key = await load.mint(person(1));
    const password = 'a password set after the panic';
    const reset = () => load.call('reset', () => latchkey.client.resetPassword({ key, password }));
    await disk.fillForLog();
    await eventually(
      async () => {
        await request();
        return disk.postgres.isRunning;
      },
      (isRunning) => !isRunning,
      20_000,
    );
    expect(await request()).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await reset()).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect((await fetch(`${latchkey.url}/readyz`)).status).toBe(503);

    await disk.free();
    await disk.postgres.start();
    const took = await recovery(latchkey, person(1).email);
    say('log', took);
    expect(took.mailed).toBeLessThan(20_000);
    expect(await reset()).toMatchObject({ __typename: 'PasswordResetCompleted' });
    Object.assign(person(1), { password, version: 2 });
    expect(await load.contradictions(disk.postgres)).toEqual([]);
  });
});
