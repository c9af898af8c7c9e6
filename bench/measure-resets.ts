import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { ResetPasswordDocument } from '../schema/sdk/generated/graphql.js';
import { readSettings } from '../src/settings/settings.js';
import type { BareHashTasks } from './bare-hash.js';
import { Child } from './child.js';

import { KeyMint } from './key-mint.js';
import { addresses, connections, requests } from './measure-requests.js';
import { type Options, until } from './options.js';
import type { Cpu, Found } from './rows.js';
import { unknownAddress } from './site.js';
import { cpuPer, type Stage } from './stage.js';
import { inTurns } from './turns.js';

const connectionsThatReset = 8;
/** The new password is compared with the current hash, then hashed. Both cost the same: the hash is of our own form. */
const hashesPerReset = 2;
/** Keys that are minted per second and core; more than argon2id with these settings lets any core use up. */
const keysPerSecond = 80;

interface Done {
  readonly total: number;
  readonly perSecond: number;
  readonly p99?: number;
  readonly cpu: Cpu;
}

/** Measures resets next to their hashes alone, and how many other requests are served while resets run. */
export async function measureResets(stage: Stage, options: Options): Promise<Found> {
  // On a busy machine a hash takes most of a second: a shorter measurement would see none end.
  const seconds = options.isSmoke ? options.seconds : Math.max(options.seconds, 1);
  const cores = availableParallelism();
  const resetting = options.isSmoke ? 2 : connectionsThatReset;
  const { ours } = stage;
  const { memoryKib, timeCost } = readSettings(ours.environment, 'api').accounts.argon2;
  const api = await ours.servers.take('api');
  const hasher = Child.start<BareHashTasks>('bare-hash', { UV_THREADPOOL_SIZE: String(cores + 4) });
  const keys = new KeyMint(stage);
  const many = Math.ceil(seconds * keysPerSecond * cores);
  const asked = addresses(Math.min(8_000 * seconds, 100_000), unknownAddress);

  const reset = async (howLong: { amount: number } | { seconds: number }) => {
    const query = ResetPasswordDocument.toString();
    const variables = (await keys.mint(many)).map((key) => ({
      input: { key, password: randomBytes(18).toString('base64url') },
    }));
    const question = { url: api.url, query, variables, answer: 'PasswordResetCompleted' };
    return () => stage.load.call('run', { ...question, connections: resetting, ...howLong });
  };
  const ask = () => stage.load.call('run', { ...requests(api.url, asked), connections, ...until(options) });
  const costOf = async (server: number, run: () => Promise<Omit<Done, 'cpu'>>): Promise<Done> => {
    const before = stage.cpu({ server });
    const done = await run();
    return { ...done, cpu: cpuPer(done.total, before, stage.cpu({ server })) };
  };
  const hash = () =>
    costOf(hasher.pid, () => hasher.call('hash', { seconds, concurrency: cores, memoryKib, timeCost }));
  try {
    // So many resets as take about the seconds: where a clock ends the load, those under way cost and do not count.
    const { perSecond: hashesPerSecond } = await hash();
    const amount = Math.max(resetting, Math.min(many, Math.round((seconds * hashesPerSecond) / hashesPerReset)));
    if (!options.isSmoke) await (await reset({ amount: resetting }))();
    const found = await inTurns<Done, 'resets' | 'hashes' | 'alone' | 'beside'>(options.rounds, {
      async resets() {
        await ours.clear();
        return costOf(api.pid, await reset({ amount }));
      },
      hashes: hash,
      async alone() {
        await ours.clear();
        return costOf(api.pid, ask);
      },
      async beside() {
        await ours.clear();
        const resets = await reset(until(options, resetting));
        return costOf(api.pid, async () => (await Promise.all([ask(), resets()]))[0]);
      },
    });
    await ours.clear();
    const bytes = await keys.bytesPerKey();
    const beside = (of: (cpu: Cpu) => number) =>
      found.resets.map(({ cpu }, round) => of(cpu) - hashesPerReset * (found.hashes[round]?.cpu.server ?? Number.NaN));
    const server = ({ server = Number.NaN }: Cpu) => server;
    const perSecond = ({ perSecond }: Done) => perSecond;
    const p99 = ({ p99 = Number.NaN }: Done) => p99;
    return {
      spent: [{ who: 'Latchkey', unit: 'reset', rounds: found.resets.map(({ cpu }) => cpu) }],
      rows: [
        {
          row: 'resetsPerSecond',
          ours: found.resets.map(perSecond),
          other: found.hashes.map(({ perSecond }) => perSecond / hashesPerReset),
        },
        { row: 'resetCpu', ours: beside((cpu) => server(cpu) + (cpu.PostgreSQL ?? 0)) },
        { row: 'resetServerCpu', ours: beside(server) },
        { row: 'requestsBeside', ours: found.beside.map(perSecond), other: found.alone.map(perSecond) },
        { row: 'requestsBesideSlow', ours: found.beside.map(p99), other: found.alone.map(p99) },
        { row: 'keyBytes', ours: [bytes] },
      ],
    };
  } finally {
    await Promise.all([ours.servers.giveBack(api), hasher.stop()]);
    await ours.clear();
  }
}
