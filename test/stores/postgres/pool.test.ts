import { afterEach, expect, it } from 'vitest';
import { openDatabase } from '../../../src/services/database.js';
import { createDatabase, type TestDatabase } from '../../support/stores.js';

let database: TestDatabase;
afterEach(() => database.drop());

it('loses no slot when a connection is cut inside a transaction', async () => {
  database = await createDatabase();
  const orm = openDatabase(database.url, { poolSize: 2 });
  const cut = () =>
    orm.em.fork().transactional(async (transaction) => {
      const [row] = await transaction.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
      await database.query('select pg_terminate_backend($1)', [row?.pid]);
      await transaction.execute('select 1');
    });
  for (let each = 0; each < 5; each++) await expect(cut()).rejects.toThrow();
  const answers = await Promise.all(
    [1, 2, 3, 4].map(() => orm.em.fork().execute<{ one: number }[]>('select 1 as one')),
  );
  expect(answers.map(([row]) => row?.one)).toEqual([1, 1, 1, 1]);
  await orm.close(true);
});
