import { RequestPasswordResetDocument } from '../schema/sdk/generated/graphql.js';
import { Child } from './child.js';
import type { Figure } from './figures.js';
import type { FloorTasks } from './floor.js';
import { type Options, until } from './options.js';
import { cpuSeconds } from './process-figures.js';
import { knownAddress, type Stage, unknownAddress } from './stage.js';

export const connections = 32;
/** Requests that are prepared per second of a measurement; more than any machine answers would only cost time. */
const preparedPerSecond = 8_000;

/** `requestPasswordReset` as the SDK sends it. No address is used twice before all have been used. */
export function requests(url: string, addresses: readonly string[]) {
  const variables = addresses.map((email) => ({ input: { email } }));
  return { url, query: RequestPasswordResetDocument.toString(), variables, answer: 'PasswordResetRequested' };
}

export function addresses(many: number, make: (number: number) => string): string[] {
  return Array.from({ length: many }, (_, number) => make(number));
}

/** Measures requests per second and their cost, next to the same store calls written by hand. No worker runs. */
export async function measureRequests(stage: Stage, options: Options): Promise<Figure[]> {
  const { seconds, rounds } = options;
  const api = await stage.servers.take('api');
  const floors = {
    alone: Child.start<FloorTasks>('floor'),
    together: Child.start<FloorTasks>('floor'),
  };
  const { database, redis } = stage.urls;
  const urls = {
    alone: await floors.alone.call('serve', { database, redis, together: false }),
    together: await floors.together.call('serve', { database, redis, together: true }),
  };
  const prepared = Math.ceil(Math.min(preparedPerSecond * seconds, 100_000));
  const known = addresses(Math.min(prepared, stage.accounts), knownAddress);
  const unknown = addresses(prepared, unknownAddress);
  const measure = async (url: string, pid: number, asked: readonly string[]) => {
    await stage.clear();
    const before = cpuSeconds(pid);
    const { total, perSecond } = await stage.load.call('run', {
      ...requests(url, asked),
      connections,
      ...until(options),
    });
    return { perSecond, cpuPerThousand: ((cpuSeconds(pid) - before) * 1000) / total };
  };
  try {
    for (const [url, pid] of [
      [api.url, api.pid],
      [urls.alone, floors.alone.pid],
      [urls.together, floors.together.pid],
    ] as const) {
      await measure(url, pid, known);
    }
    const found: Record<'known' | 'unknown' | 'alone' | 'together', Awaited<ReturnType<typeof measure>>[]> = {
      known: [],
      unknown: [],
      alone: [],
      together: [],
    };
    for (let round = 0; round < rounds; round++) {
      found.known.push(await measure(api.url, api.pid, known));
      found.alone.push(await measure(urls.alone, floors.alone.pid, known));
      found.unknown.push(await measure(api.url, api.pid, unknown));
      found.together.push(await measure(urls.together, floors.together.pid, known));
    }
    const perSecond = (name: keyof typeof found) => found[name].map((each) => each.perSecond);
    const cpu = (name: keyof typeof found) => found[name].map((each) => each.cpuPerThousand);
    return (['known', 'unknown'] as const).flatMap((name) => [
      {
        name: `requests/s, ${name} addresses`,
        ours: perSecond(name),
        floor: perSecond('alone'),
        target: 'shown; ≥ 0.75',
      },
      {
        name: `requests/s, ${name} addresses, floor with jobs written in groups`,
        ours: perSecond(name),
        floor: perSecond('together'),
        target: 'shown; ≥ 0.75',
      },
      {
        name: `server CPU s per 1,000 requests, ${name} addresses`,
        ours: cpu(name),
        floor: cpu('alone'),
        target: '≤ 0.32 s and ≤ 2.3 × the floor; ≤ 0.22 s',
      },
    ]);
  } finally {
    await Promise.all([stage.servers.giveBack(api), floors.alone.stop(), floors.together.stop()]);
    await stage.clear();
  }
}
