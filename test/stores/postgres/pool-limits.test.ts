import { EventEmitter } from 'node:events';
import type { Pool, PoolClient } from 'pg';
import { expect, it } from 'vitest';
import { knowLimits } from '../../../src/stores/postgres/pool-limits.js';

const refusal = () => Object.assign(new Error('too many connections for role "narrow"'), { code: '53300' });
const newClient = () => new EventEmitter() as unknown as PoolClient;
const client = newClient();

/** A pool of five whose server answers each connection in turn: `refuse` or `accept`. */
function poolThat(...answers: readonly ('refuse' | 'accept')[]) {
  const waiting = [...answers];
  let asked = 0;
  const connect = (done: (error: Error | undefined, client?: PoolClient) => void) => {
    asked++;
    setImmediate(() => (waiting.shift() === 'accept' ? done(undefined, client) : done(refusal())));
  };
  const options = { max: 5, connectionTimeoutMillis: 60_000 };
  const pool = Object.assign(new EventEmitter(), { options, connect }) as unknown as Pool;
  knowLimits(pool, 'DATABASE_POOL', 5);
  return { pool, asked: () => asked };
}

it('tries again, alone, where all connections that began together were refused', async () => {
  const { pool, asked } = poolThat('refuse', 'refuse', 'refuse', 'accept');
  expect(await pool.connect()).toBe(client);
  expect([asked(), pool.options.max]).toEqual([4, 1]);
});

it('asks a server that has no room five times, and no more', async () => {
  const { pool, asked } = poolThat(...Array<'refuse'>(5).fill('refuse'), 'accept');
  await expect(pool.connect()).rejects.toThrow(/too many connections/);
  expect(asked()).toBe(5);
});

it('waits for a connection that is open, however many others are refused meanwhile', async () => {
  const { pool, asked } = poolThat(...Array<'refuse'>(20).fill('refuse'), 'accept');
  const open = [newClient(), newClient()];
  for (const each of open) pool.emit('connect', each);
  expect(await pool.connect()).toBe(client);
  expect([asked(), pool.options.max]).toEqual([21, 2]);
});

it('waits for no connection that has ended', async () => {
  const { pool, asked } = poolThat(...Array<'refuse'>(20).fill('refuse'), 'accept');
  const ended = newClient();
  pool.emit('connect', ended);
  (ended as unknown as EventEmitter).emit('end');
  await expect(pool.connect()).rejects.toThrow(/too many connections/);
  expect([asked(), pool.options.max]).toEqual([5, 1]);
});

it('ends the tries when the time for a connection has passed', async () => {
  const { pool, asked } = poolThat(...Array<'refuse'>(20).fill('refuse'), 'accept');
  pool.options.connectionTimeoutMillis = 0;
  pool.emit('connect', newClient());
  await expect(pool.connect()).rejects.toThrow(/too many connections/);
  expect(asked()).toBe(1);
});
