import { RequestPasswordResetDocument } from '../schema/sdk/generated/graphql.js';
import type { BareApolloTasks } from './bare-apollo.js';
import { Child } from './child.js';
import type { FloorTasks } from './floor.js';
import { type Options, until } from './options.js';
import { type Cpu, type Found, type Spent, spentOn } from './rows.js';
import { knownAddress, type Site, unknownAddress } from './site.js';
import { cpuPer, type Stage } from './stage.js';

import { inTurns } from './turns.js';

export const connections = 32;
/** Requests that are prepared per second of a measurement; more than any machine answers would only cost time. */
const preparedPerSecond = 12_000;

/** `requestPasswordReset` as the SDK sends it. No address is used twice before all have been used. */
export function requests(url: string, addresses: readonly string[]) {
  const variables = addresses.map((email) => ({ input: { email } }));
  return { url, query: RequestPasswordResetDocument.toString(), variables, answer: 'PasswordResetRequested' };
}

export function addresses(many: number, make: (number: number) => string): string[] {
  return Array.from({ length: many }, (_, number) => make(number));
}

/** Addresses with an account; each round has others, until all had their turn. */
export function knownAddresses(count: number, round: number, accounts: number): string[] {
  return addresses(count, (number) => knownAddress((round * count + number) % accounts));
}

interface Contestant {
  readonly site: Site;
  readonly url: string;
  readonly pid: number;
}

/**
 * Measures requests per second and their cost, next to the same store calls behind bare Apollo and by hand. No worker
 * runs.
 */
export async function measureRequests(stage: Stage, options: Options, before?: Site): Promise<Found> {
  const { seconds, rounds } = options;
  const { ours } = stage;
  const { database, redis } = ours.urls;
  const floor = Child.start<FloorTasks>('floor');
  const bare = Child.start<BareApolloTasks>('bare-apollo');
  const [api, former, floorUrl, bareUrl] = await Promise.all([
    ours.servers.take('api'),
    before?.servers.take('api'),
    floor.call('serve', { database, redis }),
    bare.call('serve', { database, redis }),
  ]);
  const all: Record<'ours' | 'floor' | 'bare', Contestant> = {
    ours: { site: ours, url: api.url, pid: api.pid },
    floor: { site: ours, url: floorUrl, pid: floor.pid },
    bare: { site: ours, url: bareUrl, pid: bare.pid },
  };
  const prepared = Math.ceil(Math.min(preparedPerSecond * seconds, 100_000));
  const known = addresses(Math.min(prepared, ours.accounts), knownAddress);
  const unknown = addresses(prepared, unknownAddress);
  const ask = async ({ site, url, pid: server }: Contestant, asked: readonly string[]) => {
    await site.clear();
    const begun = stage.cpu({ server });
    const load = await stage.load.call('run', { ...requests(url, asked), connections, ...until(options) });
    return { perSecond: load.perSecond, cpu: cpuPer(load.total, begun, stage.cpu({ server })) };
  };
  const asking =
    (contestant: Contestant, asked = known) =>
    () =>
      ask(contestant, asked);
  const contestants = {
    ours: asking(all.ours),
    bare: asking(all.bare),
    floor: asking(all.floor),
    unknown: asking(all.ours, unknown),
    ...(before && former ? { before: asking({ site: before, url: former.url, pid: former.pid }) } : {}),
  };
  try {
    // Once for nothing: pages and caches are warm, and what is called often is compiled.
    if (!options.isSmoke) await inTurns(1, contestants);
    const found: Partial<Record<string, { perSecond: number; cpu: Cpu }[]>> = await inTurns(rounds, contestants);
    const perSecond = (name: string) => (found[name] ?? []).map((each) => each.perSecond);
    const cpu = (name: string) => (found[name] ?? []).map((each) => spentOn(each.cpu));
    const server = (name: string) => (found[name] ?? []).map((each) => each.cpu.server ?? Number.NaN);
    const names = { ours: 'Latchkey', bare: 'bare Apollo', floor: 'floor', before: 'before' };
    const spent = Object.entries(names).flatMap(([name, who]): Spent[] => {
      const rounds = found[name]?.map((each) => each.cpu);
      return rounds ? [{ who, unit: 'request', rounds }] : [];
    });
    return {
      spent,
      rows: [
        {
          row: 'requestsPerSecond',
          ours: perSecond('ours'),
          other: perSecond('bare'),
          before: perSecond('before'),
        },
        { row: 'requestCpu', ours: cpu('ours'), other: cpu('bare'), before: cpu('before') },
        { row: 'requestsToFloor', ours: perSecond('ours'), other: perSecond('floor') },
        { row: 'serverCpu', ours: server('ours'), other: server('floor'), before: server('before') },
        { row: 'unknownRequests', ours: perSecond('unknown'), other: perSecond('ours') },
      ],
    };
  } finally {
    if (before && former) await before.servers.giveBack(former);
    await Promise.all([ours.servers.giveBack(api), floor.stop(), bare.stop()]);
    await ours.clear();
  }
}
