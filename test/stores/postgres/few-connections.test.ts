import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../../schema/sdk/client.js';
import type { EmbeddedRedis } from '../../../src/dev/embedded-redis.js';
import { Inbox } from '../../../src/dev/inbox/inbox.js';
import { isFull, tell } from '../../attacks/floods/stage.js';
import { insertAccount } from '../../processes/accounts.js';
import { eventually } from '../../support/eventually.js';
import { keyIn } from '../../support/latchkey.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { killAll, Latchkey, readyz, type Settings } from '../../support/processes.js';
import { productionSettings } from '../../support/production-settings.js';
import { createRedis, hasRedisServer } from '../../support/stores.js';

const password = 'the password that gets lost';
const count = isFull ? 30 : 12;

describe.skipIf(!hasRedisServer)('a PostgreSQL with 20 connections (needs a redis-server on PATH)', () => {
  let postgres: OwnPostgres;
  let redis: EmbeddedRedis;
  let inbox: Inbox;
  let settings: Settings;
  beforeAll(async () => {
    [postgres, redis, inbox] = await Promise.all([
      OwnPostgres.start({ settings: ['max_connections=20'], withoutMigrations: true }),
      createRedis(),
      Inbox.start(),
    ]);
    await postgres.query('create role app login');
    await postgres.query('alter database latchkey owner to app');
    settings = {
      ...productionSettings({
        database: postgres.urlOf('latchkey', 'app'),
        redis: redis.url ?? '',
        smtp: inbox.smtpUrl,
      }),
      TRUST_PROXY: '127.0.0.0/8',
      HASH_QUEUE: '200',
    };
    expect(await Latchkey.run(['migrate', 'up'], settings)).toMatchObject({ code: 0 });
  });
  afterEach(killAll);
  afterAll(async () => {
    await Promise.all([redis?.stop(), inbox?.stop(), postgres?.drop()]);
  });

  const start = async (sizes: Settings) => {
    const [api, worker] = ['api', 'worker'].map((command) => Latchkey.start([command], { ...settings, ...sizes }));
    if (!api || !worker) throw new Error('not started');
    const url = await api.url();
    await eventually(
      () => readyz(url),
      ({ status }) => status === 200,
      30_000,
    );
    await worker.said(/the worker waits for jobs/);
    return { api, worker, url };
  };

  /** Ends every connection of Latchkey. Under a limit that is met it cannot open new ones. */
  const endLines = () =>
    postgres.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app' and application_name like 'latchkey%'`,
    );
  /** Opens one more connection of another application. @returns whether the server had room for it. */
  const hold = async (lines: pg.Client[]) => {
    const line = new pg.Client({ connectionString: postgres.urlOf('latchkey', 'app'), application_name: 'other' });
    line.on('error', () => undefined);
    return line.connect().then(
      () => lines.push(line) > 0,
      () => false,
    );
  };
  const says = (url: string, word: string, act: () => Promise<unknown>) =>
    eventually(
      async () => {
        await act();
        return readyz(url);
      },
      ({ status, body }) => status === 503 && JSON.stringify(body).includes(word),
      30_000,
    );

  const isTemporary = async (url: string) => {
    const answer = await createLatchkeyClient({ url }).signIn({ email: 'nobody@example.com', password });
    expect(answer.__typename).toBe('TemporarilyUnavailable');
  };

  /**
   * Three rounds, each with all its calls at the same time: people ask for links; they look at them and sign in, while
   * links are asked for at unknown addresses; they set new passwords. @returns the types of all answers.
   */
  const load = async (url: string, round: string) => {
    const as = (n: number) => createLatchkeyClient({ url, headers: { 'x-forwarded-for': `198.51.${n}.7` } });
    const people = Array.from({ length: count }, (_, n) => `person${n}@${round}.example`);
    const [first = ''] = people;
    await insertAccount(postgres, first, password);
    await postgres.query(
      `insert into account (id, email, password_hash, status)
       select gen_random_uuid(), other, a.password_hash, 'active' from account a, unnest($2::text[]) other where a.email = $1`,
      [first, people.slice(1)],
    );
    const asked = await Promise.all(people.map((email, n) => as(n).requestPasswordReset({ email })));
    const mails = people.map((email) =>
      inbox.waitFor(({ to, text }) => to.includes(email) && text.includes('#key='), 60_000),
    );
    const keys = (await Promise.all(mails)).map(keyIn);
    const others = people.map((email, n) => as(n + count).requestPasswordReset({ email: `x${email}` }));
    const signedIn = people.map((email, n) => as(n + 2 * count).signIn({ email, password }));
    const looks = keys.flatMap((key, n) => [1, 2, 3].map(() => as(n).passwordResetKey(key)));
    const before = await Promise.all([...others, ...signedIn, ...looks]);
    const reset = await Promise.all(
      keys.map((key, n) => as(n).resetPassword({ key, password: `a quite new one ${n}` })),
    );
    return [...asked, ...before, ...reset].map(({ __typename }) => __typename);
  };
  const looked = ['ResetKeyValid', 'ResetKeyValid', 'ResetKeyValid'];
  const requested = ['PasswordResetRequested', 'PasswordResetRequested'];
  const all = [...requested, 'SignedIn', ...looked, 'PasswordResetCompleted'].flatMap((outcome) =>
    Array.from({ length: count }, () => outcome),
  );

  it('carries an API and a worker with the documented sizes; a limit that is met stands at /readyz and in the log', {
    timeout: 120_000,
  }, async () => {
    const { api, worker, url } = await start({ DATABASE_POOL: '4', DATABASE_QUEUE_POOL: '3' });
    expect(await load(url, 'documented')).toEqual(all);
    for (const { output } of [api, worker]) expect(output).not.toMatch(/53300|"limit"|DATABASE_POOL/);

    await postgres.query('alter role app connection limit 0');
    await says(url, '53300 connection limit of the role', endLines);
    await isTemporary(url);
    await postgres.query('alter role app connection limit -1');
    await eventually(
      () => readyz(url),
      ({ status }) => status === 200,
      30_000,
    );
    const others: pg.Client[] = [];
    await says(url, '53300 max_connections', async () => {
      await endLines();
      while (await hold(others));
    });
    await isTemporary(url);
    for (const limit of ['max_connections', 'connection limit of the role'])
      expect(api.output).toContain(`"limit":"${limit}"`);
    await Promise.all(others.map((line) => line.end()));
    await eventually(
      () => readyz(url),
      ({ status }) => status === 200,
      60_000,
    );
  });

  if (isFull) {
    it('carries them with the default sizes, too, which add up to 37', { timeout: 120_000 }, async () => {
      const { api, worker, url } = await start({});
      const answers = await load(url, 'default');
      const lines = await postgres.connections();
      const met = `${api.output}${worker.output}`.match(/"limit":"[^"]*"/g);
      tell('E25 default sizes, 20 connections', { answers: answers.length, lines, met });
      expect(answers).toEqual(all);
    });
  }
});
