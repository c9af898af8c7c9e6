import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { ResetPasswordDocument } from '../schema/sdk/generated/graphql.js';
import { createLog } from '../src/observability/log.js';
import { Metrics } from '../src/observability/metrics.js';
import { digestOf, mintResetKey } from '../src/password-reset/keys/reset-key.js';
import { ResetKeys } from '../src/password-reset/keys/reset-keys.js';
import { readSettings } from '../src/settings/settings.js';
import type { BareHashTasks } from './bare-hash.js';
import { Child } from './child.js';
import type { Figure } from './figures.js';
import { addresses, connections, requests } from './measure-requests.js';
import { type Options, until } from './options.js';
import { cpuSeconds } from './process-figures.js';
import { type Stage, unknownAddress } from './stage.js';

const resetting = 8;
/** The new password is compared with the current hash, then hashed. Both cost the same: the hash is of our own form. */
const hashesPerReset = 2;
/** Keys that are minted per second and core; more than argon2id with these settings lets any core use up. */
const keysPerSecond = 80;

/** Measures resets next to their hashes alone, and how many other requests are served while resets run. */
export async function measureResets(stage: Stage, options: Options): Promise<Figure[]> {
  // On a busy machine a hash takes most of a second: a shorter measurement would see none end.
  const seconds = Math.max(options.seconds, 1);
  const { argon2, hashConcurrency } = readSettings(stage.environment, 'api').accounts;
  const api = await stage.servers.take('api');
  const hasher = Child.start<BareHashTasks>('bare-hash', { UV_THREADPOOL_SIZE: String(hashConcurrency + 4) });
  const keys = new KeyMint(stage);
  const many = Math.ceil(seconds * keysPerSecond * availableParallelism());
  const asked = addresses(Math.min(8_000 * seconds, 100_000), unknownAddress);

  const reset = async () => {
    const query = ResetPasswordDocument.toString();
    const variables = (await keys.mint(many)).map((key) => ({
      input: { key, password: randomBytes(18).toString('base64url') },
    }));
    const question = { url: api.url, query, variables, answer: 'PasswordResetCompleted' };
    return () => stage.load.call('run', { ...question, connections: resetting, ...until(options, resetting) });
  };
  const ask = () => stage.load.call('run', { ...requests(api.url, asked), connections, ...until(options) });

  const resets: Cost[] = [];
  const hashes: Cost[] = [];
  const alone: Load[] = [];
  const beside: Load[] = [];
  try {
    for (let round = 0; round < options.rounds; round++) {
      const run = await reset();
      resets.push(await costOf(api.pid, run));
      const input = { seconds, concurrency: hashConcurrency, memoryKib: argon2.memoryKib, timeCost: argon2.timeCost };
      const { perSecond, cpuMs } = await costOf(hasher.pid, () => hasher.call('hash', input));
      hashes.push({ perSecond: perSecond / hashesPerReset, cpuMs: cpuMs * hashesPerReset });
      await stage.clear();
      alone.push(await ask());
      const runBeside = await reset();
      const [, load] = await Promise.all([runBeside(), ask()]);
      beside.push(load);
      await stage.clear();
    }
    const bytes = await keys.bytesPerKey();
    return [
      {
        name: `resets/s, ${resetting} connections; floor: two argon2id each alone, ${hashConcurrency} at a time`,
        ours: resets.map(({ perSecond }) => perSecond),
        floor: hashes.map(({ perSecond }) => perSecond),
        target: '≥ 0.95; ≥ 0.98',
      },
      {
        name: 'server CPU ms per reset beside its hashes',
        ours: resets.map(({ cpuMs }, round) => cpuMs - (hashes[round]?.cpuMs ?? Number.NaN)),
        target: '≤ 1.5 ms; ≤ 1.0 ms',
      },
      {
        name: `requests/s while ${resetting} connections reset; floor: ours alone`,
        ours: beside.map(({ perSecond }) => perSecond),
        floor: alone.map(({ perSecond }) => perSecond),
        target: '≥ 0.6; ≥ 0.7',
      },
      {
        name: `p99 ms of a request while ${resetting} connections reset; floor: ours alone`,
        ours: beside.map(({ p99 }) => p99),
        floor: alone.map(({ p99 }) => p99),
        target: '≤ 2; ≤ 1.5',
      },
      { name: 'Redis bytes per outstanding key', ours: [bytes], target: '≤ 250; ≤ 190' },
    ];
  } finally {
    await Promise.all([stage.servers.giveBack(api), hasher.stop()]);
    await stage.clear();
  }
}

interface Load {
  readonly total: number;
  readonly perSecond: number;
  readonly p99: number;
}
interface Cost {
  readonly perSecond: number;
  readonly cpuMs: number;
}

async function costOf(pid: number, run: () => Promise<{ total: number; perSecond: number }>): Promise<Cost> {
  const before = cpuSeconds(pid);
  const { total, perSecond } = await run();
  return { perSecond, cpuMs: ((cpuSeconds(pid) - before) * 1000) / total };
}

/** Makes keys and writes their records as the worker would, without mails. */
class KeyMint {
  readonly #resetKeys: ResetKeys;
  #next = 0;

  constructor(private readonly stage: Stage) {
    const { secrets } = readSettings(stage.environment, 'api');
    this.#resetKeys = new ResetKeys(stage.redis, secrets, createLog('warn', 'bench'), new Metrics());
  }

  /** Makes a key for each of the next `many` accounts; fewer at the end of the table. */
  async mint(many: number): Promise<string[]> {
    const { database, accounts } = this.stage;
    const { rows } = await database.query<{ id: string; credential_version: number; expires_at: Date }>(
      `select id, credential_version, now() + interval '1 hour' as expires_at
         from account order by email offset $1 limit $2`,
      [this.#next % accounts, many],
    );
    this.#next += many;
    return Promise.all(
      rows.map(async (row) => {
        const key = mintResetKey();
        const record = { accountId: row.id, credentialVersion: row.credential_version, expiresAt: row.expires_at };
        await this.#resetKeys.remember(digestOf(key), record, 3_600);
        return key;
      }),
    );
  }

  async bytesPerKey(): Promise<number> {
    const { redis } = this.stage;
    await this.mint(100);
    const names = await redis.keys('reset:*');
    const sizes = await Promise.all(names.slice(0, 100).map((name) => redis.memory('USAGE', name)));
    return sizes.reduce((sum: number, size) => sum + (size ?? 0), 0) / sizes.length;
  }
}
