import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from './figures.js';
import { addresses, connections, requests } from './measure-requests.js';
import { type Options, until } from './options.js';
import { residentMib } from './process-figures.js';
import { knownAddress, type Stage } from './stage.js';

/** Measures how long a process takes to be ready, and its memory when idle and after a load of requests. */
export async function measureStart(stage: Stage, options: Options): Promise<Figure[]> {
  const { rounds, accounts } = options;
  const found = { api: [] as Memory[], worker: [] as Memory[] };
  const asked = addresses(accounts, knownAddress);
  for (let round = 0; round < rounds; round++) {
    await stage.clear();
    const api = await stage.servers.take('api');
    const worker = await stage.servers.take('worker');
    try {
      await sleep(500);
      const idle = { api: residentMib(api.pid), worker: residentMib(worker.pid) };
      await stage.load.call('run', { ...requests(api.url, asked), connections, ...until(options) });
      found.api.push({ startMs: api.startMs, idle: idle.api, loaded: residentMib(api.pid) });
      found.worker.push({ startMs: worker.startMs, idle: idle.worker, loaded: residentMib(worker.pid) });
    } finally {
      await Promise.all([api, worker].map((each) => stage.servers.giveBack(each)));
    }
  }
  await stage.clear();
  const { api, worker } = found;
  return [
    {
      name: 'ms from start to ready, api',
      ours: api.map(({ startMs }) => startMs),
      target: '≤ 1,000 ms; ≤ 700 ms',
    },
    { name: 'ms from start to ready, worker', ours: worker.map(({ startMs }) => startMs) },
    { name: 'MiB idle, api', ours: api.map(({ idle }) => idle), target: '≤ 150 MiB; ≤ 120 MiB' },
    { name: 'MiB after the load, api', ours: api.map(({ loaded }) => loaded), target: '≤ 250 MiB' },
    { name: 'MiB idle, worker', ours: worker.map(({ idle }) => idle) },
    { name: 'MiB after the load, worker', ours: worker.map(({ loaded }) => loaded) },
  ];
}

interface Memory {
  readonly startMs: number;
  readonly idle: number;
  readonly loaded: number;
}
