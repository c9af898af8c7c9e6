import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { MailTemplates } from '../src/mail/mail-template.js';
import { templatesFolder } from '../src/package-files.js';
import { slotsOfWorker, workerSlots } from '../src/services/queues.js';
import type { BareMailerTasks } from './bare-mailer.js';
import { Child } from './child.js';
import { type Figure, percentile } from './figures.js';
import type { Server } from './latchkey.js';
import { addresses, connections, requests } from './measure-requests.js';
import type { Options } from './options.js';
import { cpuSeconds } from './process-figures.js';
import { knownAddress, type Stage } from './stage.js';

/** Measures how fast a worker sends waiting mails, next to nodemailer alone, and how soon it sends a new one. */
export async function measureMails(stage: Stage, options: Options): Promise<Figure[]> {
  const api = await stage.servers.take('api');
  try {
    const ours: HandOver[] = [];
    const bare: HandOver[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const recipients = addresses(options.mails, (number) =>
        knownAddress((round * options.mails + number) % stage.accounts),
      );
      ours.push(await byWorker(stage, api, recipients));
      bare.push(await byNodemailer(stage, recipients));
    }
    return [
      {
        name: 'mails/s handed over by one worker',
        ours: ours.map(({ perSecond }) => perSecond),
        floor: bare.map(({ perSecond }) => perSecond),
        target: '≥ 1.7; ≥ 4',
      },
      {
        name: 'worker CPU s per 1,000 mails',
        ours: ours.map(({ cpuPerThousand }) => cpuPerThousand),
        floor: bare.map(({ cpuPerThousand }) => cpuPerThousand),
      },
      {
        name: 'kB per mail on the line',
        ours: ours.map(({ bytesPerMail }) => bytesPerMail / 1000),
        floor: bare.map(({ bytesPerMail }) => bytesPerMail / 1000),
      },
      ...(await measureDelay(stage, api, options)),
    ];
  } finally {
    await stage.servers.giveBack(api);
    await stage.clear();
  }
}

interface HandOver {
  readonly perSecond: number;
  readonly cpuPerThousand: number;
  readonly bytesPerMail: number;
}

async function byWorker(stage: Stage, api: Server, recipients: readonly string[]): Promise<HandOver> {
  await stage.clear();
  await stage.load.call('run', { ...requests(api.url, recipients), connections, amount: recipients.length });
  await stage.sink.call('forget', {});
  const worker = await stage.servers.take('worker');
  try {
    return await handOver(stage, worker.pid, recipients.length);
  } finally {
    await stage.servers.giveBack(worker);
  }
}

async function byNodemailer(stage: Stage, recipients: readonly string[]): Promise<HandOver> {
  const templates = new MailTemplates(templatesFolder);
  const { subject, html, text } = templates.fill('reset-link', 'en', {
    link: `https://bench.example/reset-password#key=${'k'.repeat(43)}`,
    lifetime: '1 hour',
    expiresAt: 'January 1, 2030 at 12:00:00 PM UTC',
    isLast: false,
    supportUrl: null,
    nextMailAt: 'January 1, 2030 at 12:00:00 PM UTC',
    askedAt: 'Tuesday, January 1, 2030 at 11:00 AM UTC',
    origin: 'originWith',
    browser: 'Firefox',
    productName: 'Latchkey',
  });
  const mailer = Child.start<BareMailerTasks>('bare-mailer');
  try {
    await stage.sink.call('forget', {});
    const [result] = await Promise.all([
      handOver(stage, mailer.pid, recipients.length),
      mailer.call('send', {
        url: stage.urls.smtp,
        from: 'no-reply@bench.example',
        addresses: recipients,
        mail: { subject, html, text },
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
async function handOver(stage: Stage, pid: number, mails: number): Promise<HandOver> {
  const begun = await stage.sink.call('wait', { mails: 1, withinMs: 30_000 });
  const before = cpuSeconds(pid);
  const { first, last, bytesPerMail } = await stage.sink.call('wait', { mails, withinMs: 600_000 });
  return {
    perSecond: ((mails - 1) * 1000) / (last - first),
    cpuPerThousand: ((cpuSeconds(pid) - before) * 1000) / (mails - begun.count),
    bytesPerMail,
  };
}

/** Measures the milliseconds from the answer that a person sees to the relay's 250. */
async function measureDelay(stage: Stage, api: Server, { seconds, rounds, pace }: Options): Promise<Figure[]> {
  const worker = await stage.servers.take('worker');
  const delays: number[][] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      await stage.clear();
      await stage.sink.call('forget', {});
      // The first second warms up and is not counted.
      const recipients = addresses((seconds + 1) * pace, knownAddress);
      const answered = await stage.load.call('pace', { ...requests(api.url, recipients), perSecond: pace });
      await stage.sink.call('wait', { mails: recipients.length, withinMs: 60_000 });
      const mails = await stage.sink.call('list', {});
      const taken = new Map(mails.map(({ to, at }) => [to, at]));
      const each = recipients.map((to, index) => (taken.get(to) ?? Number.NaN) - (answered[index] ?? Number.NaN));
      delays.push(each.slice(pace));
      await sleep(100);
    }
  } finally {
    await stage.servers.giveBack(worker);
  }
  const name = `ms from the answer to the relay's 250 at ${pace} requests/s`;
  return [
    { name: `${name}, p50`, ours: delays.map((each) => percentile(each, 0.5)), target: '≤ 100 ms; ≤ 30 ms' },
    { name: `${name}, p99`, ours: delays.map((each) => percentile(each, 0.99)), target: '≤ 1,000 ms; ≤ 200 ms' },
  ];
}
