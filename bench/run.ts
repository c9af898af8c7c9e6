import { availableParallelism, cpus, loadavg } from 'node:os';
import { type Figure, table } from './figures.js';
import { measureMails } from './measure-mails.js';
import { measureRequests } from './measure-requests.js';
import { measureResets } from './measure-resets.js';
import { measureStart } from './measure-start.js';
import { type Measurement, type Options, readOptions } from './options.js';
import { type Stage, setStage } from './stage.js';

const measure: Record<Measurement, (stage: Stage, options: Options) => Promise<Figure[]>> = {
  requests: measureRequests,
  mails: measureMails,
  resets: measureResets,
  start: measureStart,
};

async function run(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('needs Linux: CPU time and memory are read from /proc');
  const options = readOptions(process.argv.slice(2));
  const [busy = 0] = loadavg();
  const stage = await setStage(options);
  try {
    const figures: Figure[] = [];
    for (const name of options.only) {
      process.stderr.write(`measuring ${name} …\n`);
      figures.push(...(await measure[name](stage, options)));
    }
    const { seconds, rounds, accounts } = options;
    const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), load before the run ${busy.toFixed(1)}`;
    process.stdout.write(
      `${machine}; Node ${process.versions.node}, ${stage.versions}; ` +
        `${accounts} accounts, ${rounds} round(s) of ${seconds} s\n\n${table(figures)}\n`,
    );
  } finally {
    await stage.close();
  }
}

// An interrupted run also ends its servers.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  await run();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
