import { BetterAuth, isInstalled, notInstalled } from './better-auth.js';
import type { Question } from './load.js';
import { connections, knownAddresses, requests } from './measure-requests.js';
import type { Options } from './options.js';
import { machineTime } from './process-figures.js';
import { type Cpu, type Found, type Measured, type NotShown, type Spent, spentOn } from './rows.js';
import type { Site } from './site.js';
import { cpuPer, type Stage } from './stage.js';
import type { RowName } from './targets.js';
import { inTurns } from './turns.js';

interface Delivered {
  readonly perSecond: number;
  readonly cpu: Cpu;
}

/** Measures all that a request costs until its mail is delivered, next to better-auth with the same mail. */
export async function measureDelivered(stage: Stage, options: Options, before?: Site): Promise<Found> {
  const { rounds, mails } = options;
  const recipients = (round: number) => knownAddresses(mails, round, stage.ours.accounts);

  const deliver = async (question: Question, processes: { server: number; worker?: number }): Promise<Delivered> => {
    await stage.sink.call('forget', {});
    const amount = question.variables.length;
    const began = machineTime();
    const begun = stage.cpu(processes);
    await stage.load.call('run', { ...question, connections, amount });
    const { last } = await stage.sink.call('wait', { mails: amount, withinMs: 600_000 });
    return { perSecond: (amount * 1000) / (last - began), cpu: cpuPer(amount, begun, stage.cpu(processes)) };
  };
  const bySite = async (site: Site, round: number) => {
    await site.clear();
    const api = await site.servers.take('api');
    const worker = await site.servers.take('worker');
    try {
      return await deliver(requests(api.url, recipients(round)), { server: api.pid, worker: worker.pid });
    } finally {
      await Promise.all([api, worker].map((each) => site.servers.giveBack(each)));
    }
  };
  const peer = isInstalled() ? await BetterAuth.start(stage) : undefined;
  const byPeer = async (round: number) => {
    await peer?.clear();
    return peer && deliver(peer.requests(recipients(round)), { server: peer.pid });
  };
  const contestants: Record<string, (round: number) => Promise<Delivered | undefined>> = {
    ours: (round) => bySite(stage.ours, round),
    ...(peer ? { peer: byPeer } : {}),
    ...(before ? { before: (round) => bySite(before, round) } : {}),
  };
  const found: Partial<Record<string, (Delivered | undefined)[]>> = await inTurns(rounds, contestants);
  await peer?.stop();
  await stage.ours.clear();

  const figures = (name: string, of: (each: Delivered) => number) =>
    (found[name] ?? []).map((each) => (each ? of(each) : Number.NaN));
  const row = (row: RowName, of: (each: Delivered) => number): Measured | NotShown =>
    peer
      ? { row, ours: figures('ours', of), other: figures('peer', of), before: figures('before', of) }
      : { row, why: notInstalled };
  const names = { ours: 'Latchkey', peer: 'better-auth', before: 'before' };
  return {
    spent: Object.entries(names).flatMap(([name, who]): Spent[] => {
      const rounds = found[name]?.flatMap((each) => (each ? [each.cpu] : []));
      return rounds ? [{ who, unit: 'request with its mail delivered', rounds }] : [];
    }),
    rows: [row('deliveredCpu', ({ cpu }) => spentOn(cpu)), row('deliveredPerSecond', ({ perSecond }) => perSecond)],
  };
}
