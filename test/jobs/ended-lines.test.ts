import { afterAll, beforeAll, expect, it } from 'vitest';
import { tellQueueFaults } from '../../src/jobs/queue/faults.js';
import { createLog } from '../../src/observability/log.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey();
});
afterAll(() => latchkey.close());

it('idle connections that PostgreSQL ends are one warning, not an error each', async () => {
  await latchkey.signUp('alice@example.com', 'the password that gets lost');
  await latchkey.keyFor('alice@example.com');
  const lines = () => latchkey.logged().split('\n').filter(Boolean);
  const before = lines().length;
  const ended = await latchkey.database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state = 'idle' and query not ilike 'listen%'`,
  );
  expect(ended.length).toBeGreaterThan(0);
  await eventually(
    () => latchkey.logged(),
    (logged) => logged.includes('the database ended connections of the job queue'),
  );
  await latchkey.keyFor('alice@example.com');
  const since = lines().slice(before);
  expect(since.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

it('at most one log line a second counts ended connections; any other fault is an error', () => {
  const logged: { level: string; count?: number }[] = [];
  let now = 0;
  const tell = tellQueueFaults(
    createLog('info', 'test', { write: (line) => void logged.push(JSON.parse(line)) }),
    () => now,
  );
  const ended = () => tell(Object.assign(new Error('terminating connection'), { code: '57P05' }));
  for (let each = 0; each < 51; each++) ended();
  now = 1_001;
  tell(new Error('Connection terminated unexpectedly'));
  tell(Object.assign(new Error('no such table'), { code: '42P01' }));
  expect(logged.map(({ level, count }) => [level, count])).toEqual([
    ['warn', 1],
    ['warn', 51],
    ['error', undefined],
  ]);
});
