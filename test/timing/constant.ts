import { createHash, randomBytes, randomUUID } from 'node:crypto';
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
import { Latchkey, type Settings } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { auc, chanceAuc, median, type Sides } from './figures.js';
import { type Question, timePairs } from './pairs.js';
import { equivalence, interval, isFound, quantileDifferences } from './quantiles.js';

/** Delays that are added to one side of a control, in microseconds: without finding them no verdict counts. */
const plants = [10, 50, 1_000];
/** The difference that is allowed between known and unknown where no hash is made, in milliseconds. */
const bound = 0.01;
const accounts = 5_000;
/** A prime, so that key and place of the wrong character do not go in step. */
const mailedKeys = 499;
const number = (trial: number) => String(trial % accounts).padStart(4, '0');
const known = (trial: number) => `person${number(trial)}@example.com`;
const unknown = (trial: number) => `nobody${number(trial)}@example.com`;
const stranger = (trial: number) => `absent${number(trial)}@example.com`;

/** 43 characters, always the same for a number. */
const keyOf = (text: string) => createHash('sha256').update(text).digest('base64url');
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const mailedKey = (number: number) => keyOf(`mailed ${number}`);
/** A key that was mailed, but for one character: a guess that is right so far. */
function nearlyMailed(trial: number): string {
  const [key, at] = [mailedKey(trial % mailedKeys), trial % 42];
  const further = 1 + Math.floor(trial / (42 * mailedKeys));
  const wrong = base64url[(base64url.indexOf(key[at] ?? '') + further) % base64url.length];
  return `${key.slice(0, at)}${wrong}${key.slice(at + 1)}`;
}

/**
 * The sides differ only by the account, or by how near a guessed key comes to a real one: all texts have the same length,
 * and none is used on both sides.
 */
export function questions(): Readonly<Record<string, Question>> {
  const request = 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }';
  const signUp = 'mutation($input: SignUpInput!) { signUp(input: $input) { __typename } }';
  const look = 'query($input: String!) { passwordResetKey(key: $input) { __typename } }';
  const email = (of: (trial: number) => string) => (trial: number) => ({ email: of(trial) });
  const withPassword = (of: (trial: number) => string) => (trial: number) => ({
    email: of(trial),
    password: 'eleven herons at low tide',
  });
  return {
    'request, unknown / unknown': { document: request, one: email(stranger), other: email(unknown) },
    'request, known / unknown': { document: request, one: email(known), other: email(unknown) },
    'sign-up to be confirmed, unknown / unknown': {
      document: signUp,
      one: withPassword(stranger),
      other: withPassword(unknown),
    },
    'sign-up to be confirmed, known / unknown': {
      document: signUp,
      one: withPassword(known),
      other: withPassword(unknown),
    },
    'look, far from all keys / far from all keys': {
      document: look,
      one: (trial) => keyOf(`elsewhere ${trial}`),
      other: (trial) => keyOf(`nowhere ${trial}`),
    },
    'look, near a mailed key / far from all keys': {
      document: look,
      one: nearlyMailed,
      other: (trial) => keyOf(`nowhere ${trial}`),
    },
  };
}

/**
 * Times answers for which no hash is made: known against unknown addresses, and guessed keys near real ones against
 * others; as controls two sides that are alike, and the same with a delay on one side. Prints the differences at three quantiles with their intervals, whether they are
 * within 10 µs, and whether the delays are found. The exit code is 1 when a difference is beyond 10 µs or a delay is not
 * found.
 *
 * @param options `--pairs N` (30,000 by default); `--only TEXT`: only the questions whose name contains the text;
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
    for (const each of plants) reportPlant(each, await timePairs(url, pairs, control, each));
  } finally {
    await api?.stop('SIGKILL');
    await redis.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function addAccounts(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
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
  const verdicts = differences.map((each) => equivalence(each, bound));
  const micro = (ms: number) => `${(1_000 * ms).toFixed(1)}`;
  const figures = differences.map((each) => {
    const [from, to] = interval(each);
    return `p${100 * each.quantile} ${micro(each.difference)} [${micro(from)}, ${micro(to)}] µs`;
  });
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

/** A delay shifts all quantiles alike, so it is looked for at the median, which is the surest. */
function reportPlant(microseconds: number, sides: Sides): void {
  const [middle] = quantileDifferences(sides, [0.5]);
  if (!middle) return;
  const [from, to] = interval(middle).map((ms) => (1_000 * ms).toFixed(1));
  const found = isFound(middle);
  if (!found) process.exitCode = 1;
  process.stdout.write(
    `${`a delay of ${microseconds} µs on one side`.padEnd(44)} n ${sides.one.length}; p50 ${(1_000 * middle.difference).toFixed(1)} [${from}, ${to}] µs: ` +
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
