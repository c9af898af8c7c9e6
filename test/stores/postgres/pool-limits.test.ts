import type { Pool, PoolClient } from 'pg';
import { expect, it } from 'vitest';
import { knowLimits } from '../../../src/stores/postgres/pool-limits.js';

const refusal = () => Object.assign(new Error('too many connections for role "narrow"'), { code: '53300' });
const client = {} as PoolClient;

/** A pool of five whose server answers each connection in turn: `refuse` or `accept`. */
function poolThat(...answers: readonly ('refuse' | 'accept')[]) {
  const waiting = [...answers];
  let asked = 0;
  const connect = (done: (error: Error | undefined, client?: PoolClient) => void) => {
    asked++;
    setImmediate(() => (waiting.shift() === 'accept' ? done(undefined, client) : done(refusal())));
  };
  // `totalCount: 0`: the pool has no connection, as after the server refused all that were opened at the same time.
  const pool = { options: { max: 5 }, totalCount: 0, connect } as unknown as Pool;
  knowLimits(pool, 'DATABASE_POOL', 5);
  return { pool, asked: () => asked };
}

it('tries once more, alone, where all connections that began together were refused', async () => {
  const { pool, asked } = poolThat('refuse', 'accept');
  expect(await pool.connect()).toBe(client);
  expect([asked(), pool.options.max]).toEqual([2, 1]);
});

it('asks a server that has no room twice, and no more', async () => {
  const { pool, asked } = poolThat('refuse', 'refuse', 'accept');
  await expect(pool.connect()).rejects.toThrow(/too many connections/);
  expect(asked()).toBe(2);
});
