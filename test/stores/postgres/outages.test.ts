import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { callDeadline } from '../../../src/calls/deadline.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { Load, pause, recovery } from './load.js';

vi.setConfig({ testTimeout: 120_000 });

/** Milliseconds that a call may take beyond its deadline, because the machine may be busy. */
const grace = 5_000;
let postgres: OwnPostgres;
let latchkey: TestLatchkey;
let load: Load;
let number = 0;
beforeAll(async () => {
  postgres = await OwnPostgres.start();
  latchkey = await startLatchkey({ database: postgres, env: { DATABASE_URL: postgres.url, HASH_CONCURRENCY: '2' } });
});
afterAll(() => latchkey.close());
beforeEach(async () => {
  load = await Load.of(latchkey, 5, `person.${++number}`);
});
afterEach(async ({ task }) => {
  console.info(`${task.name}: slowest call ${Math.round(load.slowest)} ms; ${JSON.stringify(load.tally)}`);
  expect(load.slowest).toBeLessThan(callDeadline + grace);
  expect(await load.contradictions(postgres)).toEqual([]);
  expect(isWithinPools(await postgres.connections())).toBe(true);
});

/** 10 for statements, 8 for jobs and one to listen, as docs/operate.md says. */
function isWithinPools(connections: Awaited<ReturnType<OwnPostgres['connections']>>): boolean {
  const jobs = connections['latchkey worker jobs']?.count ?? 0;
  const all = Object.values(connections);
  const others = all.reduce((sum, { count }) => sum + count, 0) - jobs;
  return jobs <= 9 && others <= 10 && all.every(({ idleInTransaction }) => idleInTransaction === 0);
}

const person = (index = 0) => load.people[index] ?? { email: '', id: '', password: '', version: 0 };

describe('PostgreSQL restarts under load', () => {
  // Shows: F-10
  it.each([
    ['fast shutdown', 'SIGINT'],
    ['kill -9', 'SIGKILL'],
  ] as const)('%s: every call ends, nobody hears a lie, all works again by itself', async (_, signal) => {
    load.start();
    await pause(700);
    await postgres.stop(signal);
    await pause(700);
    await postgres.start();
    const took = await recovery(latchkey, person().email);
    console.info(`${signal}: ms until ready, accepted, mailed: ${Object.values(took).join(', ')}`);
    await load.stop();
    expect(took.mailed).toBeLessThan(20_000);
    expect(Object.keys(load.tally).some((ended) => ended.endsWith('TemporarilyUnavailable'))).toBe(true);
  });
});

describe('PostgreSQL stalls', () => {
  // Shows: F-14
  it('as a whole: calls are told to try again, and what was committed late is found by the retry', async () => {
    load.start();
    await pause(500);
    await postgres.signal('SIGSTOP');
    try {
      const asked = performance.now();
      const ready = await fetch(`${latchkey.url}/readyz`);
      expect(ready.status).toBe(503);
      expect(performance.now() - asked).toBeLessThan(grace);
      await pause(6_000);
    } finally {
      await postgres.signal('SIGCONT');
    }
    const took = await recovery(latchkey, person().email);
    console.info(`stall: ms until ready, accepted, mailed: ${Object.values(took).join(', ')}`);
    await load.stop();
    expect(took.mailed).toBeLessThan(20_000);
  });

  // Shows: F-14
  it('at one row, then at the whole table: the lock timeout answers, keys stay valid, requests are accepted', async () => {
    const session = await postgres.session();
    const { email, id } = person();
    const key = await load.mint(person());
    const password = 'a password set after the lock';
    const reset = () => load.call('reset', () => latchkey.client.resetPassword({ key, password }));
    await session.query('begin');
    await session.query('select 1 from account where id = $1 for update', [id]);
    expect(await reset()).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    await session.query('lock table account in access exclusive mode');
    const [signedIn, requested] = await Promise.all([
      latchkey.client.signIn({ email, password: person().password }),
      load.call('request', () => latchkey.client.requestPasswordReset({ email })),
      reset(),
    ]);
    expect(signedIn).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(requested).toMatchObject({ __typename: 'PasswordResetRequested' });
    await session.query('rollback');
    await session.end();
    expect(await reset()).toMatchObject({ __typename: 'PasswordResetCompleted' });
    Object.assign(person(), { password, version: 2 });
  });
});

// Shows: F-44
it('every connection of the pool is busy: calls wait no longer than the time to acquire one, keys stay alive', async () => {
  const key = await load.mint(person());
  const password = 'a password set after the rush';
  const reset = () => load.call('reset', () => latchkey.client.resetPassword({ key, password }));
  const sleeps = Array.from({ length: 10 }, () => latchkey.services.orm.em.fork().execute('select pg_sleep(4)'));
  const [busy, requested] = await Promise.all([
    reset(),
    load.call('request', () => latchkey.client.requestPasswordReset({ email: person().email })),
  ]);
  expect(busy).toMatchObject({ __typename: 'TemporarilyUnavailable' });
  expect(requested).toMatchObject({ __typename: 'PasswordResetRequested' });
  await Promise.all(sleeps);
  expect(await reset()).toMatchObject({ __typename: 'PasswordResetCompleted' });
  Object.assign(person(), { password, version: 2 });
});
