import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../../schema/sdk/client.js';
import type { EmbeddedRedis } from '../../../src/dev/embedded-redis.js';
import { eventually } from '../../support/eventually.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { killAll, Latchkey, type Settings } from '../../support/processes.js';
import { productionSettings } from '../../support/production-settings.js';
import { createDatabase, createRedis, hasRedisServer, type TestDatabase } from '../../support/stores.js';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });
afterAll(killAll);

const ours = 'https://recover.example.com';
const theirs = 'https://recover.example.org';
const refusal = new RegExp(
  `^latchkey: the schema latchkey belongs to the Latchkey of ${ours}, and PUBLIC_URL is ${theirs} here: .*\`latchkey migrate adopt-origin\`.*\\n$`,
);

// The stand-in for Redis lives in one process, and these tests start several.
describe.skipIf(!hasRedisServer)('two installations and one schema (needs a redis-server on PATH)', () => {
  let database: TestDatabase;
  let redis: EmbeddedRedis;
  let settings: Settings;
  const origins = () => database.query<{ origin: string }>('select origin from instance');
  const settingsOf = (url: string) => ({
    ...productionSettings({ database: url, redis: redis.url ?? '', smtp: 'smtp://127.0.0.1:9' }),
    PUBLIC_URL: ours,
  });
  const start = (command: 'api' | 'worker', given: Settings = {}) =>
    Latchkey.start([command], { ...settings, ...given });

  beforeEach(async () => {
    [database, redis] = await Promise.all([createDatabase(), createRedis()]);
    settings = settingsOf(database.url);
    return async () => {
      await killAll();
      await Promise.all([redis.stop(), database.drop()]);
    };
  });

  it('the first start writes its origin; another one is refused, until it is adopted', async () => {
    // Both first starts of one installation, at the same time.
    const [api, worker] = [start('api'), start('worker')];
    await Promise.all([api.url(), worker.said(/the worker waits for jobs/)]);
    expect(await origins()).toEqual([{ origin: ours }]);

    for (const command of ['api', 'worker'] as const) {
      const { code, errors, output } = await start(command, { PUBLIC_URL: theirs }).ended;
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(errors).toMatch(refusal);
      expect(output).not.toMatch(/the API listens|the worker waits for jobs/);
    }
    expect(await database.query('select from job')).toEqual([]);

    const adopt = (given: Settings) =>
      Latchkey.run(['migrate', 'adopt-origin'], { DATABASE_URL: database.url, ...given });
    expect(await adopt({})).toMatchObject({ code: 1, errors: expect.stringMatching(/PUBLIC_URL is not set/) });
    expect(await origins()).toEqual([{ origin: ours }]);
    expect(await adopt({ PUBLIC_URL: theirs })).toMatchObject({
      code: 0,
      errors: '',
      output: `the schema latchkey had the origin ${ours}; now it has ${theirs}\n`,
    });
    const moved = start('worker', { PUBLIC_URL: theirs });
    await moved.said(/the worker waits for jobs/);
    // Who was there before goes on until it is started again.
    const client = createLatchkeyClient({ url: await api.url() });
    expect(await client.requestPasswordReset({ email: 'alice@example.com' })).toMatchObject({
      __typename: 'PasswordResetRequested',
    });
    expect((await start('api').ended).errors).toMatch(/belongs to the Latchkey of https:\/\/recover\.example\.org/);
  });

  it('outside production no origin is compared, because the port is another one each time', async () => {
    await database.query(`insert into instance (origin) values ('http://localhost:4000')`);
    const api = start('api', { NODE_ENV: 'development', PUBLIC_URL: 'http://localhost:4999' });
    await api.url();
    expect(await origins()).toEqual([{ origin: 'http://localhost:4000' }]);
  });

  it('while the database is away nothing is taken, and who learns only then that it is the second ends', async () => {
    const postgres = await OwnPostgres.start();
    try {
      await postgres.query(`insert into instance (origin) values ('${ours}')`);
      await postgres.query(
        `insert into job (name, data) values ('password-reset-request', '{"email": "alice@example.com"}')`,
      );
      await postgres.stop('SIGINT');
      settings = settingsOf(postgres.url);
      const [second, first] = [start('worker', { PUBLIC_URL: theirs }), start('worker')];
      const api = start('api', { PUBLIC_URL: theirs });
      const client = createLatchkeyClient({ url: await api.url() });
      expect(await client.requestPasswordReset({ email: 'bob@example.com' })).toMatchObject({
        __typename: 'TemporarilyUnavailable',
      });
      await eventually(
        () => [second.output, first.output],
        (told) => told.every((text) => text.includes('whose tables these are cannot be read yet')),
      );
      await postgres.start();
      for (const process of [second, api]) {
        const { code, errors, output } = await process.ended;
        expect(code).toBe(1);
        expect(errors).toMatch(refusal);
        expect(output).not.toMatch(/the worker waits for jobs|job done/);
      }
      await first.said(/the worker waits for jobs/);
      const settled = () => postgres.query(`select output ->> 'outcome' as outcome from job where state = 'completed'`);
      expect(await eventually(settled, (rows) => rows.length > 0, 20_000)).toEqual([{ outcome: 'no-recipient' }]);
      expect(await postgres.query(`select from job where data ->> 'email' = 'bob@example.com'`)).toEqual([]);
    } finally {
      await killAll();
      await postgres.drop();
    }
  });
});
