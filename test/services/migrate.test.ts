import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { emptyDatabase } from '../processes/empty-database.js';
import { killAll, Latchkey } from '../support/processes.js';

vi.setConfig({ testTimeout: 60_000 });

let database: Awaited<ReturnType<typeof emptyDatabase>>;
beforeAll(async () => {
  database = await emptyDatabase();
});
afterAll(async () => {
  await killAll();
  await database.drop();
});
const migrate = (...args: string[]) => Latchkey.run(['migrate', ...args], { DATABASE_URL: database.url });

it('status says by its exit code whether the database is at this version; up brings it there, and may run again', async () => {
  const before = await migrate('status');
  expect(before).toMatchObject({ code: 1, errors: '' });
  expect(before.output).toMatch(/^pending {2}\S+-accounts$/m);
  expect(before.output).toMatch(/^pending {2}job queue$/m);
  expect(before.output).not.toMatch(/^applied/m);

  const first = await migrate('up');
  expect(first).toMatchObject({ code: 0, errors: '' });
  expect(first.output).toMatch(/^applied \S+-accounts$/m);
  expect(first.output).toMatch(/the database is at this version now/);

  const after = await migrate('status');
  expect(after).toMatchObject({ code: 0, errors: '' });
  expect(after.output).toMatch(/^applied {2}\S+-accounts$/m);
  expect(after.output).toMatch(/^applied {2}job queue, version \d+$/m);
  expect(after.output).not.toMatch(/^pending/m);

  const again = await migrate();
  expect(again).toMatchObject({ code: 0, errors: '', output: 'the database was at this version already\n' });
});

it('up may run beside itself, as when several machines are rolled out at the same time', async () => {
  const other = await emptyDatabase();
  const runs = await Promise.all([1, 2, 3].map(() => Latchkey.run(['migrate', 'up'], { DATABASE_URL: other.url })));
  const status = await Latchkey.run(['migrate', 'status'], { DATABASE_URL: other.url });
  await other.drop();
  expect(runs.map(({ code, errors }) => ({ code, errors }))).toEqual(runs.map(() => ({ code: 0, errors: '' })));
  expect(status.code).toBe(0);
});

it.each(['up', 'status'])('%s without a database is one clear line', async (command) => {
  const url = 'postgres://somebody:the-password@127.0.0.1:9/nothing';
  const { code, output, errors } = await Latchkey.run(['migrate', command], { DATABASE_URL: url });
  expect(code).toBe(1);
  expect(output).toBe('');
  expect(errors).toMatch(/^latchkey: .*127\.0\.0\.1:9.*\n$/);
  expect(errors).not.toContain('the-password');
});

it('with a wrong password is one clear line that does not repeat it', async () => {
  const url = Object.assign(new URL(inject('templateUrl')), { password: 'a-wrong-password' }).href;
  const { code, errors } = await Latchkey.run(['migrate', 'up'], { DATABASE_URL: url });
  expect(code).toBe(1);
  expect(errors).toMatch(/^latchkey: .*password authentication failed.*\n$/);
  expect(errors).not.toContain('a-wrong-password');
});
