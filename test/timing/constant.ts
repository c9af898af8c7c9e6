import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startEmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { startEmbeddedPostgres } from '../../src/dev/postgres/embedded-postgres.js';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { digestOf, parseResetKey } from '../../src/password-reset/keys/reset-key.js';
import { ResetKeys } from '../../src/password-reset/keys/reset-keys.js';
import { settingsTable } from '../../src/settings/table.js';
import { withPath } from '../support/databases.js';
import { Latchkey, type Settings } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { auc, chanceAuc, median, type Sides } from './figures.js';
import { timePairs } from './pairs.js';
import {
  equivalence,
  interval,
  isFound,
  pairedDifference,
  type QuantileDifference,
  quantileDifferences,
} from './quantiles.js';
import { accounts, mailedKey, mailedKeys, questions } from './questions.js';

/** Delays that are added to one side of a control, in microseconds: without finding them no verdict counts. */
const plants = [10, 50, 1_000];
/** The difference that is allowed between known and unknown where no hash is made, in milliseconds. */
const bound = 0.01;

/**
 * Times answers for which no hash is made: known against unknown addresses, and guessed keys near real ones against
 * others; as controls two sides that are alike, and the same with a delay on one side. Prints the differences within the
 * pairs and at three quantiles with their intervals, whether they are within 10 µs, and whether the delays are found. The
 * exit code is 1 when a difference is beyond 10 µs or a delay is not found.
 *
 * @param options `--pairs N` (30,000 by default); `--only TEXT`: only the rows whose name contains the text;
 * `--plant MICROSECONDS` delays one side of every question instead.
 */
export async function constant(options: readonly string[]): Promise<void> {
  const option = (name: string) => Number(options[options.indexOf(name) + 1]) || 0;
  const pairs = options.includes('--pairs') ? option('--pairs') : 30_000;
  const plant = options.includes('--plant') ? option('--plant') : 0;
  const only = options.includes('--only') ? (options[options.indexOf('--only') + 1] ?? '') : '';
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-timing-'));
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), database: 'timing' });
  const redis = await startEmbeddedRedis({ folder: join(folder, 'redis') });
  let api: Latchkey | undefined;
  try {
    if (!redis.url) throw new Error('a redis-server or valkey-server must be on the PATH');
    const settings = settingsOf(postgres.url, redis.url);
    const { code, errors } = await Latchkey.run(['migrate'], settings);
    if (code !== 0) throw new Error(errors);
    await addAccounts(postgres.url);
    await rememberKeys(redis.url, settings.SECRET ?? '');
    api = Latchkey.start(['api'], settings);
    const url = (await api.url()).replace('0.0.0.0', '127.0.0.1');
    for (const [name, question] of Object.entries(questions())) {
      if (!name.includes(only)) continue;
      report(name, await timePairs(url, pairs, question, plant));
    }
    const [control] = Object.values(questions());
    if (!control || plant > 0) return;
    for (const each of plants.filter((each) => plantName(each).includes(only))) {
      reportPlant(each, await timePairs(url, pairs, control, each));
    }
  } finally {
    await api?.stop('SIGKILL');
    await redis.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function addAccounts(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, ...withPath });
  await client.connect();
  await client
    .query(
      `insert into account (id, email, password_hash, status)
       select gen_random_uuid(), 'person' || lpad(number::text, 4, '0') || '@example.com', null, 'active'
         from generate_series(0, $1::int - 1) number`,
      [accounts],
    )
    .finally(() => client.end());
}

/** As the worker remembers the keys that it mails. */
async function rememberKeys(url: string, secret: string): Promise<void> {
  const line = new Redis(url);
  const keys = new ResetKeys(line, [secret], createLog('silent', 'timing'), new Metrics());
  const record = { accountId: randomUUID(), credentialVersion: 1, expiresAt: new Date(Date.now() + 86_400_000) };
  try {
    for (let number = 0; number < mailedKeys; number++) {
      const key = parseResetKey(mailedKey(number));
      if (key) await keys.remember(digestOf(key), record, 86_400);
    }
  } finally {
    line.disconnect();
  }
}

/** Default settings, except for the limits that so many calls would reach. */
function settingsOf(database: string, redis: string): Settings {
  const limits = Object.keys(settingsTable).filter((name) =>
    /^LIMIT_(?:RESET_PER_(?:CLIENT|NETWORK)|KEY|SIGN_UP|HASH)/.test(name),
  );
  return {
    ...productionSettings({ database, redis, smtp: 'smtp://127.0.0.1:9' }),
    SECRET: randomBytes(32).toString('base64url'),
    SIGN_UP: 'confirm',
    ...Object.fromEntries(limits.map((name) => [name, '9999999/900'])),
  };
}

function report(name: string, sides: Awaited<ReturnType<typeof timePairs>>): void {
  const differences = quantileDifferences(sides);
  const paired = pairedDifference(sides);
  const verdicts = [paired, ...differences].map((each) => equivalence(each, bound));
  const figures = [`within pairs ${inMicroseconds(paired)}`];
  for (const each of differences) figures.push(`p${100 * each.quantile} ${inMicroseconds(each)}`);
  const says = verdicts.includes('beyond')
    ? 'LEAK: beyond 10 µs'
    : verdicts.includes('undecided')
      ? 'undecided: take more pairs'
      : 'within 10 µs';
  if (verdicts.includes('beyond')) process.exitCode = 1;
  const results = Object.entries(sides.results).map(([result, count]) => `${count} ${result}`);
  process.stdout.write(
    `${name.padEnd(44)} n ${sides.one.length}; median ${median(sides.other).toFixed(3)} ms; ${figures.join('; ')}; ` +
      `AUC ${sampledAuc(sides)}; ${results.join(', ')}: ${says}\n`,
  );
}

/** A difference and its interval: `2.1 [-1.0, 5.2] µs`. */
function inMicroseconds(found: QuantileDifference): string {
  const [difference, from, to] = [found.difference, ...interval(found)].map((ms) => (1_000 * ms).toFixed(1));
  return `${difference} [${from}, ${to}] µs`;
}

const plantName = (microseconds: number) => `a delay of ${microseconds} µs on one side`;

/** A delay shifts all calls of a side alike, so it is looked for within the pairs, which is the surest. */
function reportPlant(microseconds: number, sides: Sides): void {
  const paired = pairedDifference(sides);
  const found = isFound(paired);
  if (!found) process.exitCode = 1;
  process.stdout.write(
    `${plantName(microseconds).padEnd(44)} n ${sides.one.length}; within pairs ${inMicroseconds(paired)}: ` +
      `${found ? 'found' : 'NOT FOUND: take more pairs'}\n`,
  );
}

/** The AUC of a sample of at most 6,000 pairs, because its cost grows with the square of their number. */
function sampledAuc({ one, other }: Awaited<ReturnType<typeof timePairs>>): string {
  const step = Math.max(1, Math.floor(one.length / 3_000));
  const some = (values: readonly number[]) => values.filter((_, index) => index % step === 0);
  const sides = { one: some(one), other: some(other) };
  return `${auc(sides).toFixed(3)} (by chance up to ${chanceAuc(sides).toFixed(3)})`;
}
