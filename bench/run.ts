import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { packageFolder } from '../src/package-files.js';
import { measureDelivered } from './measure-delivered.js';
import { measureGrowth } from './measure-growth.js';
import { measureMails } from './measure-mails.js';
import { measureRequests } from './measure-requests.js';
import { measureResets } from './measure-resets.js';
import { measureStart } from './measure-start.js';
import { type Measurement, type Options, readOptions } from './options.js';
import { buildCommit, type OtherCommit } from './other-commit.js';
import { markdownOf, type Report } from './report.js';
import { exitCodeOf, type Found, rowsOf } from './rows.js';
import type { Site } from './site.js';
import { type Stage, setStage } from './stage.js';
import { writeReport } from './write-report.js';

const measure: Record<Measurement, (stage: Stage, options: Options, before?: Site) => Promise<Found>> = {
  requests: measureRequests,
  mails: measureMails,
  delivered: measureDelivered,
  resets: measureResets,
  start: measureStart,
  growth: measureGrowth,
};

async function run(options: Options): Promise<Report> {
  if (process.platform !== 'linux') throw new Error('needs Linux: CPU time and memory are read from /proc');
  const machine = machineNow();
  if (options.against !== undefined) process.stderr.write(`building ${options.against} …\n`);
  const other = options.against === undefined ? undefined : await buildCommit(options.against, packageFolder);
  try {
    const stage = await setStage(options);
    try {
      const before = other && (await stage.open({ ...options, name: 'before', program: other.program }));
      return { ...(await measureAll(stage, options, before)), setUp: setUpOf(machine, stage, options, other) };
    } finally {
      await stage.close();
    }
  } finally {
    other?.remove();
  }
}

async function measureAll(stage: Stage, options: Options, before?: Site): Promise<Omit<Report, 'setUp'>> {
  const found: Found[] = [];
  for (const name of options.only) {
    process.stderr.write(`measuring ${name} …\n`);
    found.push(await measure[name](stage, options, before));
  }
  return {
    rows: rowsOf(found.flatMap(({ rows }) => rows)),
    spent: found.flatMap(({ spent }) => spent),
    growth: found.flatMap(({ growth = [] }) => growth),
  };
}

function setUpOf(machine: string, { versions }: Stage, options: Options, other?: OtherCommit): Report['setUp'] {
  const { seconds, rounds, accounts } = options;
  return {
    machine,
    versions: `Node ${process.versions.node}, ${versions}`,
    sizes: `${accounts} accounts, ${rounds} round(s) of ${seconds} s`,
    ...(other ? { before: `before: ${other.commit}` } : {}),
  };
}

function machineNow(): string {
  const [busy = 0] = loadavg();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${memory}, Linux ${release()}, load before the run ${busy.toFixed(1)}`;
}

// An interrupted run also ends its servers.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  const options = readOptions(process.argv.slice(2));
  const report = await run(options);
  process.stdout.write(markdownOf(report));
  if (options.out !== undefined) await writeReport(options.out, report);
  // The figures of a smoke run mean nothing, and so do its verdicts.
  process.exitCode = options.isSmoke ? 0 : exitCodeOf(report.rows);
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
