import { setTimeout as sleep } from 'node:timers/promises';
import type { BareApolloTasks } from './bare-apollo.js';
import { Child } from './child.js';

import { addresses, connections, requests } from './measure-requests.js';
import { type Options, until } from './options.js';
import { machineTime, residentMib } from './process-figures.js';
import type { Found, Measured } from './rows.js';
import { knownAddress, type Site } from './site.js';
import type { Stage } from './stage.js';
import { inTurns } from './turns.js';

interface Memory {
  readonly startMs: number;
  readonly idle: number;
  readonly loaded: number;
}

/** Measures how long a process takes to be ready, and its memory when idle and after a load of requests. */
export async function measureStart(stage: Stage, options: Options, before?: Site): Promise<Found> {
  const load = (url: string, many: number) => {
    const asked = addresses(Math.min(many, 100_000), knownAddress);
    return stage.load.call('run', { ...requests(url, asked), connections, ...until(options) });
  };
  const both = async (site: Site): Promise<Record<'api' | 'worker', Memory>> => {
    await site.clear();
    const api = await site.servers.take('api');
    const worker = await site.servers.take('worker');
    try {
      await sleep(500);
      const idle = { api: residentMib(api.pid), worker: residentMib(worker.pid) };
      await load(api.url, site.accounts);
      return {
        api: { startMs: api.startMs, idle: idle.api, loaded: residentMib(api.pid) },
        worker: { startMs: worker.startMs, idle: idle.worker, loaded: residentMib(worker.pid) },
      };
    } finally {
      await Promise.all([api, worker].map((each) => site.servers.giveBack(each)));
      await site.clear();
    }
  };
  const bare = async () => {
    const began = machineTime();
    const child = Child.start<BareApolloTasks>('bare-apollo');
    try {
      const { database, redis } = stage.ours.urls;
      const url = await child.call('serve', { database, redis });
      const startMs = machineTime() - began;
      await sleep(500);
      const idle = residentMib(child.pid);
      await load(url, stage.ours.accounts);
      const memory = { startMs, idle, loaded: residentMib(child.pid) };
      return { api: memory, worker: memory };
    } finally {
      await child.stop();
    }
  };
  const found: Partial<Record<string, Record<'api' | 'worker', Memory>[]>> = await inTurns(options.rounds, {
    ours: () => both(stage.ours),
    bare,
    ...(before ? { before: () => both(before) } : {}),
  });
  const row = (row: Measured['row'], process: 'api' | 'worker', figure: keyof Memory): Measured => {
    const of = (name: string) => (found[name] ?? []).map((each) => each[process][figure]);
    return { row, ours: of('ours'), before: of('before'), ...(process === 'api' ? { other: of('bare') } : {}) };
  };
  return {
    spent: [],
    rows: [
      row('apiStart', 'api', 'startMs'),
      row('workerStart', 'worker', 'startMs'),
      row('apiIdle', 'api', 'idle'),
      row('workerIdle', 'worker', 'idle'),
      row('apiLoaded', 'api', 'loaded'),
      row('workerLoaded', 'worker', 'loaded'),
    ],
  };
}
