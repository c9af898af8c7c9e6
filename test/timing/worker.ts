import { appendFile, chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startEmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { startEmbeddedPostgres } from '../../src/dev/postgres/embedded-postgres.js';
import { migrateUp } from '../../src/services/migrate.js';
import { type ScenarioName, scenarios } from './oracle-attack.js';
import type { Stores } from './oracle-stage.js';
import { inWords, type Verdict, verdict } from './verdict.js';
import { attackWorker } from './worker-trials.js';

interface Cell {
  readonly name: ScenarioName;
  readonly dialogue: number;
}

/**
 * Measures whether an attacker can tell who has an account by the time at which the attacker's own mail comes after a
 * request for the address in question. Each scenario runs with each relay on a stage of its own (API, worker, relay,
 * database, Redis), several at the same time.
 *
 * `--trials 200`; `--minutes 30`, after which a row of the table ends with the trials that it has; `--relay 60,300`
 * (milliseconds); `--scenario plain,slow`; `--parallel 4`; `--plant` (the worker holds no place: a leak to be found);
 * `--raw file` (every observation, a line of JSON per row). Exit code 1 if a leak is shown.
 */
export async function worker(options: readonly string[]): Promise<void> {
  const asked = read(options);
  const interrupted = new AbortController();
  const waiting = [...asked.cells];
  /** Ends all rows with the trials that they have. */
  const interrupt = (error?: unknown) => {
    waiting.length = 0;
    interrupted.abort();
    if (error instanceof Error) throw error;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt());
  const servers = await startServers();
  process.stdout.write(
    `${asked.plant ? 'PLANTED: no place is held. ' : ''}Milliseconds are medians, known / unknown.\n`,
  );
  let leaks = 0;
  const lane = async () => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift()) {
      const { name, dialogue } = cell;
      const stores = await servers.stores(`${name}_${dialogue}`);
      const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(60_000 * asked.minutes)]);
      const trials = await attackWorker(stores, { ...asked, scenario: scenarios[name], dialogue, signal });
      if (asked.raw) await appendFile(asked.raw, `${JSON.stringify({ ...cell, ...trials })}\n`);
      if (trials.known.length < 4) continue;
      const found = verdict(trials);
      if (found.says === 'leak') leaks++;
      print(cell, found);
    }
  };
  try {
    const lanes = await Promise.allSettled(Array.from({ length: asked.parallel }, () => lane().catch(interrupt)));
    for (const each of lanes) if (each.status === 'rejected') throw each.reason;
  } finally {
    await servers.stop();
  }
  if (leaks > 0) process.exitCode = 1;
}

function read(options: readonly string[]) {
  const list = { type: 'string', multiple: false } as const;
  const { values } = parseArgs({
    args: [...options],
    options: {
      trials: { type: 'string', default: '200' },
      minutes: { type: 'string', default: '30' },
      relay: { ...list, default: '60,300' },
      scenario: { ...list, default: Object.keys(scenarios).join() },
      parallel: { type: 'string', default: '4' },
      plant: { type: 'boolean', default: false },
      raw: { type: 'string' },
    },
  });
  const names = values.scenario.split(',').map((name) => {
    if (!(name in scenarios)) throw new Error(`no scenario ${name}; there are ${Object.keys(scenarios).join(', ')}`);
    return name as ScenarioName;
  });
  const cells = names.flatMap((name) =>
    values.relay.split(',').map((dialogue): Cell => ({ name, dialogue: Number(dialogue) })),
  );
  const trials = Number(values.trials);
  if (!(trials >= 4) || cells.some(({ dialogue }) => !(dialogue > 0)))
    throw new Error('at least 4 trials, and a relay above 0 ms');
  const minutes = Number(values.minutes) || 30;
  return { cells, trials, minutes, parallel: Number(values.parallel) || 1, plant: values.plant, raw: values.raw };
}

/** One PostgreSQL and one Redis for all stages; each stage gets its own database in both. */
async function startServers() {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-timing-'));
  await chmod(folder, 0o711);
  // Without fsync the times of commits vary less, so there is less noise to hide a leak.
  const postgresFlags = ['-c', 'fsync=off', '-c', 'max_connections=300'];
  const postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    database: 'template',
    postgresFlags,
  });
  const redis = await startEmbeddedRedis({ folder: join(folder, 'redis') });
  const stop = async () => {
    await Promise.all([redis.stop(), postgres.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (!redis.url) throw new Error('a redis-server or valkey-server must be on the PATH');
    await migrateUp(postgres.url);
  } catch (error) {
    await stop();
    throw error;
  }
  let count = 0;
  const stores = async (name: string): Promise<Stores> => {
    const to = (database: string) => Object.assign(new URL(postgres.url), { pathname: `/${database}` }).href;
    const admin = new pg.Client({ connectionString: to('postgres') });
    await admin.connect();
    await admin.query(`create database ${admin.escapeIdentifier(name)} template template`).finally(() => admin.end());
    return { database: to(name), redis: `${redis.url}/${count++}` };
  };
  return { stores, stop };
}

function print({ name, dialogue }: Cell, found: Verdict): void {
  const { n, auc, bestAuc, best, chance, medians } = found;
  const figures = [
    `n ${n}`,
    `AUC ${auc.toFixed(3)}`,
    `best ${bestAuc.toFixed(3)} (by chance up to ${chance.toFixed(3)})`,
    `${best} ${medians.known.toFixed(1)} / ${medians.unknown.toFixed(1)}`,
    inWords(found),
  ];
  process.stdout.write(`${`${name}, ${dialogue} ms`.padEnd(20)} ${figures.join('; ')}\n`);
}
