import { setTimeout as sleep } from 'node:timers/promises';
import { slotsOfWorker, workerSlots } from '../src/services/queues.js';
import type { BareMailerTasks } from './bare-mailer.js';
import { Child } from './child.js';
import { percentile } from './figures.js';
import { addresses, connections, knownAddresses, requests } from './measure-requests.js';
import type { Options } from './options.js';
import { machineTime } from './process-figures.js';
import { resetMail, sender } from './reset-mail.js';
import type { Cpu, Found, Measured, Spent } from './rows.js';
import { knownAddress, type Site, unknownAddress } from './site.js';
import { cpuPer, type Stage } from './stage.js';
import { inTurns } from './turns.js';

interface HandOver {
  readonly perSecond: number;
  readonly cpu: Cpu;
  readonly bytesPerMail: number;
}

/** Measures how fast a worker sends waiting mails, next to nodemailer alone, and how soon it sends a new one. */
export async function measureMails(stage: Stage, options: Options, before?: Site): Promise<Found> {
  const { rounds, mails } = options;
  const recipients = (round: number) => knownAddresses(mails, round, stage.ours.accounts);
  const found: Partial<Record<string, HandOver[]>> = await inTurns(rounds, {
    ours: (round) => byWorker(stage, stage.ours, recipients(round)),
    unknown: (round) =>
      withoutMails(
        stage,
        addresses(mails, (number) => unknownAddress(round * mails + number)),
      ),
    nodemailer: (round) => byNodemailer(stage, recipients(round)),
    ...(before ? { before: (round: number) => byWorker(stage, before, recipients(round)) } : {}),
  });
  const figures = (name: string, of: (each: HandOver) => number) => (found[name] ?? []).map(of);
  const row = (row: Measured['row'], of: (each: HandOver) => number): Measured => ({
    row,
    ours: figures('ours', of),
    other: figures('nodemailer', of),
    before: figures('before', of),
  });
  const names = { ours: 'Latchkey', nodemailer: 'nodemailer', before: 'before' };
  return {
    spent: Object.entries(names).flatMap(([name, who]): Spent[] => {
      const rounds = found[name]?.map((each) => each.cpu);
      return rounds ? [{ who, unit: 'mail', rounds }] : [];
    }),
    rows: [
      row('mailsPerSecond', ({ perSecond }) => perSecond),
      row('mailCpu', ({ cpu }) => cpu.worker ?? Number.NaN),
      row('mailBytes', ({ bytesPerMail }) => bytesPerMail / 1000),
      {
        row: 'unknownMails',
        ours: figures('unknown', ({ perSecond }) => perSecond),
        other: figures('ours', ({ perSecond }) => perSecond),
      },
      ...(await measureDelay(stage, options)),
    ],
  };
}

/** One worker starts with a mail waiting for each of these addresses. */
async function byWorker(stage: Stage, site: Site, recipients: readonly string[]): Promise<HandOver> {
  await askFor(stage, site, recipients);
  return handOverBy(stage, site, recipients.length);
}

/** The same for addresses that get no mail: from the first job that is done to the last. */
async function withoutMails(stage: Stage, recipients: readonly string[]): Promise<HandOver> {
  const { ours } = stage;
  const many = recipients.length;
  await askFor(stage, ours, recipients);
  const worker = await ours.servers.take('worker');
  try {
    const end = machineTime() + 600_000;
    for (;;) {
      const { rows } = await ours.database.query<{ done: number; seconds: number }>(
        `select count(*)::int as done, extract(epoch from max(completed_on) - min(completed_on))::float as seconds
           from job where state = 'completed'`,
      );
      const [{ done = 0, seconds = Number.NaN } = {}] = rows;
      if (done === many) return { perSecond: (many - 1) / seconds, cpu: {}, bytesPerMail: 0 };
      if (machineTime() > end) throw new Error(`${done} of ${many} jobs for unknown addresses were done`);
      await sleep(100);
    }
  } finally {
    await ours.servers.giveBack(worker);
  }
}

async function askFor(stage: Stage, site: Site, recipients: readonly string[]): Promise<void> {
  await site.clear();
  await stage.sink.call('forget', {});
  const api = await site.servers.take('api');
  const asked = { ...requests(api.url, recipients), connections, amount: recipients.length };
  await stage.load.call('run', asked).finally(() => site.servers.giveBack(api));
}

/** Starts a worker, and measures it until it has handed over this many mails, which wait. */
export async function handOverBy(stage: Stage, site: Site, mails: number): Promise<HandOver> {
  const worker = await site.servers.take('worker');
  try {
    return await handOver(stage, worker.pid, mails);
  } finally {
    await site.servers.giveBack(worker);
  }
}

async function byNodemailer(stage: Stage, recipients: readonly string[]): Promise<HandOver> {
  const mailer = Child.start<BareMailerTasks>('bare-mailer');
  try {
    await stage.sink.call('forget', {});
    const [result] = await Promise.all([
      handOver(stage, mailer.pid, recipients.length),
      mailer.call('send', {
        url: stage.urls.smtp,
        from: sender,
        addresses: recipients,
        mail: resetMail(),
        connections: slotsOfWorker,
        slots: workerSlots.links,
      }),
    ]);
    return result;
  } finally {
    await mailer.stop();
  }
}

/** Measures from the first mail to the last, because the start of the process is another figure. */
async function handOver(stage: Stage, worker: number, mails: number): Promise<HandOver> {
  const begun = await stage.sink.call('wait', { mails: 1, withinMs: 30_000 });
  const before = stage.cpu({ worker });
  const { first, last, bytesPerMail } = await stage.sink.call('wait', { mails, withinMs: 600_000 });
  return {
    perSecond: ((mails - 1) * 1000) / (last - first),
    cpu: cpuPer(mails - begun.count, before, stage.cpu({ worker })),
    bytesPerMail,
  };
}

/** Measures the milliseconds from the answer that a person sees to the relay's 250. */
async function measureDelay(stage: Stage, { seconds, rounds, pace }: Options): Promise<Measured[]> {
  const { ours } = stage;
  const api = await ours.servers.take('api');
  const worker = await ours.servers.take('worker');
  const delays: number[][] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      await ours.clear();
      await stage.sink.call('forget', {});
      // The first second warms up and is not counted.
      const recipients = addresses(Math.ceil((seconds + 1) * pace), knownAddress);
      const answered = await stage.load.call('pace', { ...requests(api.url, recipients), perSecond: pace });
      await stage.sink.call('wait', { mails: recipients.length, withinMs: 60_000 });
      const mails = await stage.sink.call('list', {});
      const taken = new Map(mails.map(({ to, at }) => [to, at]));
      const each = recipients.map((to, index) => (taken.get(to) ?? Number.NaN) - (answered[index] ?? Number.NaN));
      delays.push(each.slice(pace));
      await sleep(100);
    }
  } finally {
    await Promise.all([api, worker].map((each) => ours.servers.giveBack(each)));
    await ours.clear();
  }
  return [
    { row: 'delayMiddle', ours: delays.map((each) => percentile(each, 0.5)) },
    { row: 'delaySlow', ours: delays.map((each) => percentile(each, 0.99)) },
  ];
}
